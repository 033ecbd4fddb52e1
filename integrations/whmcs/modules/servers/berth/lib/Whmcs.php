<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Berth;

use WHMCS\Database\Capsule;

/** All that the module asks WHMCS for. Outside of WHMCS (command line, tests) the functions need not be there. */
final class Whmcs
{
    /** The service property that remembers the server: the customer can't change it, as it can the server's external_id. */
    private const SERVER_ID = 'Berth server ID';

    /** To the module log, where an administrator switched it on. `$secrets` are blanked out by WHMCS. */
    public static function log(string $action, string $request, string $response, array $secrets): void
    {
        $secrets = array_values(array_filter($secrets, static fn ($secret) => is_string($secret) && $secret !== ''));
        // Also here: JSON writes some characters of a password in another way than WHMCS looks for.
        $blank = static fn (string $text): string => str_replace($secrets, '********', $text);
        if (function_exists('logModuleCall')) {
            logModuleCall('berth', $action, $blank($request), $blank($response), '', $secrets);
        }
    }

    public static function serverIdOf(array $params): ?string
    {
        $properties = self::properties($params);
        $id = $properties === null ? '' : (string) $properties->get(self::SERVER_ID);
        return $id === '' ? null : $id;
    }

    /** `null` forgets it. */
    public static function rememberServer(array $params, ?string $serverId): void
    {
        self::properties($params)?->save([self::SERVER_ID => $serverId ?? '']);
    }

    /** @param string[] $others */
    public static function rememberAddresses(int $serviceId, string $primary, array $others): void
    {
        if (!function_exists('localAPI')) {
            return;
        }
        $answer = localAPI('UpdateClientProduct', [
            'serviceid' => $serviceId,
            'serviceusername' => 'root',
            'dedicatedip' => $primary,
            'assignedips' => implode("\n", $others),
        ]);
        if (($answer['result'] ?? '') !== 'success') {
            // The server is there and runs: that WHMCS doesn't show its address is no reason to fail the order.
            self::log('UpdateClientProduct', "service $serviceId", json_encode($answer) ?: '', []);
        }
    }

    /**
     * Services on a server of WHMCS that may use something.
     * @return array<int, int> client ids by service id
     */
    public static function servicesOn(int $whmcsServerId): array
    {
        return Capsule::table('tblhosting')
            ->where('server', $whmcsServerId)
            ->whereIn('domainstatus', ['Active', 'Suspended'])
            ->pluck('userid', 'id')
            ->all();
    }

    /** In MB, as WHMCS counts; a limit of 0 is none. */
    public static function saveUsage(int $serviceId, int $diskMb, int $diskLimitMb, int $trafficMb): void
    {
        Capsule::table('tblhosting')->where('id', $serviceId)->update([
            'diskusage' => $diskMb,
            'disklimit' => $diskLimitMb,
            'bwusage' => $trafficMb,
            'bwlimit' => 0,
            'lastupdate' => date('Y-m-d H:i:s'),
        ]);
    }

    private static function properties(array $params): ?object
    {
        $model = $params['model'] ?? null;
        return is_object($model) ? ($model->serviceProperties ?? null) : null;
    }
}
