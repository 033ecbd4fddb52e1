<?php

/**
 * WHMCS provisioning module of Berth: sells servers (LXC containers) by its HTTP API. What maps to what: see the README in
 * integrations/whmcs. WHMCS calls the functions below by their names; each answers 'success' or a text for the administrator.
 */

declare(strict_types=1);

if (!defined('WHMCS')) {
    die('This file is run by WHMCS only');
}

require_once __DIR__ . '/lib/BerthException.php';
require_once __DIR__ . '/lib/Whmcs.php';
require_once __DIR__ . '/lib/Api.php';
require_once __DIR__ . '/lib/Product.php';
require_once __DIR__ . '/lib/Tenants.php';
require_once __DIR__ . '/lib/Service.php';
require_once __DIR__ . '/lib/Usage.php';

use WHMCS\Module\Server\Berth\Api;
use WHMCS\Module\Server\Berth\BerthException;
use WHMCS\Module\Server\Berth\Product;
use WHMCS\Module\Server\Berth\Service;
use WHMCS\Module\Server\Berth\Usage;
use WHMCS\Module\Server\Berth\Whmcs;

function berth_MetaData(): array
{
    return [
        'DisplayName' => 'Berth',
        'APIVersion' => '1.1',
        'RequiresServer' => true,
        'DefaultNonSSLPort' => '8080',
        'DefaultSSLPort' => '443',
    ];
}

/** Their order is part of the contract with WHMCS: it keeps them as configoption1, 2, … (see Product). */
function berth_ConfigOptions(): array
{
    return [
        'Plan' => ['Type' => 'text', 'Size' => '25', 'Loader' => 'berth_LoadPlans', 'SimpleMode' => true],
        'Template' => ['Type' => 'text', 'Size' => '25', 'Loader' => 'berth_LoadTemplates', 'SimpleMode' => true],
        'Location' => [
            'Type' => 'text',
            'Size' => '25',
            'Loader' => 'berth_LoadLocations',
            'SimpleMode' => true,
            'Description' => "Empty: the installation's default",
        ],
        'Wait' => [
            'Type' => 'text',
            'Size' => '5',
            'Default' => (string) Product::DEFAULT_WAIT_S,
            'Description' => 'Seconds that a command waits for its end, 0 to ' . Product::MAX_WAIT_S,
        ],
        'IPv4 addresses' => ['Type' => 'text', 'Size' => '5', 'Default' => '1', 'Description' => '0 to 16'],
    ];
}

function berth_LoadPlans(array $params): array
{
    return berth_names($params, 'plans');
}

function berth_LoadTemplates(array $params): array
{
    return berth_names($params, 'templates');
}

function berth_LoadLocations(array $params): array
{
    return ['' => 'Default'] + berth_names($params, 'locations');
}

function berth_CreateAccount(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->create());
}

function berth_SuspendAccount(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->suspend());
}

function berth_UnsuspendAccount(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->unsuspend());
}

function berth_TerminateAccount(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->terminate());
}

function berth_ChangePackage(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->resize());
}

function berth_ChangePassword(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->changePassword());
}

/** A paid invoice changes nothing here: WHMCS asks for UnsuspendAccount itself where the service was suspended. */
function berth_Renew(array $params): string
{
    return 'success';
}

function berth_start(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->power('start'));
}

function berth_stop(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->power('stop'));
}

function berth_restart(array $params): string
{
    return berth_command($params, __FUNCTION__, static fn (Service $service) => $service->power('restart'));
}

function berth_AdminCustomButtonArray(): array
{
    return ['Start' => 'start', 'Stop' => 'stop', 'Restart' => 'restart'];
}

function berth_ClientAreaCustomButtonArray(): array
{
    return ['Start' => 'start', 'Stop' => 'stop', 'Restart' => 'restart'];
}

/** Daily, per server of WHMCS: disk and traffic of all its services. */
function berth_UsageUpdate(array $params): string
{
    return berth_guard(__FUNCTION__, static fn () => (new Usage(new Api($params), (int) $params['serverid']))->update());
}

/** Looks at what only a billing token may see, so that a wrong kind of token is found here and not by the first order. */
function berth_TestConnection(array $params): array
{
    $outcome = berth_guard(__FUNCTION__, static function () use ($params): void {
        try {
            (new Api($params))->get('/v1/tenants', ['per_page' => 1]);
        } catch (BerthException $error) {
            if ($error->errorCode !== 'forbidden') {
                throw $error;
            }
            throw $error->because("the access hash is a customer's token: make one with the role billing");
        }
    });
    return ['success' => $outcome === 'success', 'error' => $outcome === 'success' ? '' : $outcome];
}

function berth_ClientArea(array $params): array
{
    $vars = ['berth' => null, 'berthError' => null];
    $outcome = berth_guard(__FUNCTION__, static function () use ($params, &$vars): void {
        $vars['berth'] = Service::of($params)->overview();
    });
    if ($outcome !== 'success') {
        // Clients are not told of hosts and request ids: the module log has them.
        $vars['berthError'] = 'The state of the server is not known at the moment.';
    }
    return ['templatefile' => 'clientarea', 'vars' => $vars];
}

/** Names of what the installation has, for a drop-down. WHMCS shows the exception of a loader as its error. */
function berth_names(array $params, string $resource): array
{
    $names = [];
    foreach ((new Api($params))->all("/v1/$resource", $resource) as $one) {
        $names[$one['name']] = $one['name'];
    }
    return $names;
}

function berth_command(array $params, string $function, callable $command): string
{
    return berth_guard($function, static fn () => $command(Service::of($params)));
}

/** 'success', or what went wrong; nothing is thrown into WHMCS, whose page or cron job would end. */
function berth_guard(string $function, callable $work): string
{
    try {
        $work();
        return 'success';
    } catch (BerthException $error) {
        return $error->getMessage();
    } catch (\Throwable $error) {
        Whmcs::log($function, '', $error->getMessage() . "\n" . $error->getTraceAsString(), []);
        return "the module failed ({$error->getMessage()}); the module log says where";
    }
}
