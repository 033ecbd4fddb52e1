<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Berth;

/**
 * A service of WHMCS and its server. Every command can be given again: after a timeout, by an impatient administrator, by
 * the next cron job.
 */
final class Service
{
    private const POLL_MICROSECONDS = 300_000;
    private const REASON_MAX = 200;

    private readonly int $id;
    private readonly int $clientId;
    private readonly Product $product;
    private readonly Tenants $tenants;
    private readonly float $deadline;

    private function __construct(private readonly Api $api, private readonly array $params)
    {
        $this->id = (int) $params['serviceid'];
        $this->clientId = (int) $params['userid'];
        $this->product = new Product($params);
        $this->tenants = new Tenants($api);
        $this->deadline = microtime(true) + $this->product->wait();
    }

    public static function of(array $params): self
    {
        return new self(new Api($params), $params);
    }

    public static function externalId(int $serviceId): string
    {
        return "whmcs-service-$serviceId";
    }

    /** Orders the server, or goes on with the order that was made before. */
    public function create(): void
    {
        $server = $this->find();
        $operation = $server['operation'] ?? null;
        if ($server === null) {
            ['server' => $server, 'operation' => ['id' => $operation]] = $this->order();
        }
        Whmcs::rememberServer($this->params, $server['id']);
        $this->rememberAddresses($server);
        if ($operation !== null) {
            $this->await($operation);
            $server = $this->api->get("/v1/servers/{$server['id']}")['server'];
        }
        if (in_array($server['status'], ['error', 'creating'], true)) {
            throw new BerthException(
                "server {$server['id']} could not be made: an operator can retry its operation; or terminate the service, and create it again",
            );
        }
    }

    public function suspend(): void
    {
        $server = $this->server();
        $this->act($server, 'suspend', ['reason' => self::reason((string) ($this->params['suspendreason'] ?? ''))]);
    }

    public function unsuspend(): void
    {
        $this->act($this->server(), 'unsuspend');
    }

    /** A protection against deletion is the customer's guard against its own mistakes, not against the end of its contract. */
    public function terminate(): void
    {
        $server = $this->find();
        if ($server !== null) {
            if ($server['protection']['delete']) {
                $this->act($server, 'change_protection', ['delete' => false]);
            }
            $this->perform(fn () => $this->api->delete("/v1/servers/{$server['id']}"), 'not_found');
        }
        Whmcs::rememberServer($this->params, null);
    }

    public function resize(): void
    {
        $this->act($this->server(), 'resize', ['plan' => $this->product->plan()]);
    }

    public function changePassword(): void
    {
        $password = $this->password();
        $this->act($this->server(), 'reset_password', ['root_password' => $password], [$password]);
    }

    /** `start`, `stop` or `restart`; of these, start and stop may find it done already. */
    public function power(string $action): void
    {
        $server = $this->server();
        if ($server['status'] === 'suspended') {
            throw new BerthException('the server is suspended: unsuspend the service first');
        }
        $this->act($server, $action);
    }

    /** What the client area shows; null where there is no server. */
    public function overview(): ?array
    {
        $server = $this->find();
        if ($server === null) {
            return null;
        }
        $shown = ['name', 'hostname', 'status', 'plan', 'template', 'location', 'addresses'];
        return array_intersect_key($server, array_flip($shown)) + ['busy' => $server['operation'] !== null];
    }

    private function order(): array
    {
        $password = $this->password();
        $tenantId = $this->tenants->findOrCreate($this->clientId, (array) ($this->params['clientsdetails'] ?? []));
        $body = array_filter([
            'tenant_id' => $tenantId,
            'external_id' => self::externalId($this->id),
            'name' => $this->product->serverName(),
            'plan' => $this->product->plan(),
            'template' => $this->product->template(),
            'location' => $this->product->location(),
            'ssh_keys' => $this->product->sshKeys(),
            'root_password' => $password,
            'ipv4' => $this->product->ipv4(),
            'labels' => ['whmcs-service' => (string) $this->id],
        ], static fn (mixed $value): bool => $value !== null);
        return $this->api->post('/v1/servers', $body, [$password]);
    }

    /** Throws where the service has no server. */
    private function server(): array
    {
        return $this->find() ?? throw new BerthException(
            "Berth has no server for service {$this->id}: it was not created yet, or it was deleted",
        );
    }

    /** By the id that WHMCS remembers; else by external_id, among the client's own servers only: others could bear it too. */
    private function find(): ?array
    {
        $id = Whmcs::serverIdOf($this->params);
        if ($id !== null) {
            try {
                return $this->api->get("/v1/servers/$id")['server'];
            } catch (BerthException $error) {
                if ($error->errorCode !== 'not_found') {
                    throw $error;
                }
            }
        }
        $tenantId = $this->tenants->find($this->clientId);
        if ($tenantId === null) {
            return null;
        }
        $query = ['tenant_id' => $tenantId, 'external_id' => self::externalId($this->id)];
        return $this->api->get('/v1/servers', $query)['servers'][0] ?? null;
    }

    /** An action of the server, to its end. */
    private function act(array $server, string $action, array $body = [], array $secrets = []): void
    {
        $body = array_filter($body, static fn (mixed $value): bool => $value !== null);
        $this->perform(fn () => $this->api->post("/v1/servers/{$server['id']}/actions/$action", $body, $secrets));
    }

    /**
     * Asks for an operation and waits for its end; where another one has the server, first for the end of that. `$fine`: an
     * error that means that there is nothing left to do.
     */
    private function perform(callable $ask, string $fine = ''): void
    {
        for (;;) {
            try {
                $this->await($ask()['operation']['id']);
                return;
            } catch (BerthException $error) {
                if ($fine !== '' && $error->errorCode === $fine) {
                    return;
                }
                $other = $error->details['operation_id'] ?? null;
                if ($error->errorCode !== 'locked' || !is_string($other) || microtime(true) >= $this->deadline) {
                    throw $error;
                }
                $this->ended($other);
            }
        }
    }

    private function await(string $operationId): void
    {
        $operation = $this->ended($operationId);
        if ($operation === null) {
            throw new BerthException(
                "under way, but not done within {$this->product->wait()} s (operation $operationId): give the same command again in a moment",
            );
        }
        if ($operation['status'] !== 'succeeded') {
            $why = $operation['error']['message'] ?? 'no reason was given';
            throw new BerthException("operation $operationId {$operation['status']}: $why", $operation['error']['code'] ?? '');
        }
    }

    /** The operation at its end; null where it goes on when the time is up. */
    private function ended(string $operationId): ?array
    {
        for (;;) {
            $operation = $this->api->get("/v1/operations/$operationId")['operation'];
            if (!in_array($operation['status'], ['pending', 'running'], true)) {
                return $operation;
            }
            if (microtime(true) >= $this->deadline) {
                return null;
            }
            usleep(self::POLL_MICROSECONDS);
        }
    }

    private function rememberAddresses(array $server): void
    {
        $primary = '';
        $others = [];
        foreach ($server['addresses'] as $address) {
            if ($primary === '' && $address['primary']) {
                $primary = $address['address'];
            } else {
                $others[] = $address['address'];
            }
        }
        Whmcs::rememberAddresses($this->id, $primary, $others);
    }

    /** Refused here, so that the message says which password is meant. */
    private function password(): string
    {
        $password = (string) ($this->params['password'] ?? '');
        if (preg_match('/^[\x20-\x39\x3b-\x7e]{8,128}$/D', $password) !== 1) {
            throw new BerthException("the service's password must be 8–128 printable ASCII characters without a colon");
        }
        return $password;
    }

    /** A line that the API takes; null where nothing is left of it. */
    private static function reason(string $text): ?string
    {
        $line = (string) preg_replace('/[\p{C}$`;|&<>\\\\]+/u', ' ', html_entity_decode($text, ENT_QUOTES, 'UTF-8'));
        preg_match('/^.{0,' . self::REASON_MAX . '}/us', trim($line), $start);
        return ($start[0] ?? '') === '' ? null : $start[0];
    }
}
