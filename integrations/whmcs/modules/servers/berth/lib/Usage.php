<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Berth;

/** Disk and traffic of all services of a WHMCS server, for its usage statistics and overage bills. */
final class Usage
{
    private const MB = 1024 * 1024;

    public function __construct(private readonly Api $api, private readonly int $whmcsServerId)
    {
    }

    /** One server's failure doesn't hold up the others: it is told at the end. */
    public function update(): void
    {
        $failed = [];
        $traffic = $this->traffic();
        foreach ($this->servers() as $serviceId => $server) {
            try {
                $this->updateOne($serviceId, $server, $traffic[$server['id']] ?? 0.0);
            } catch (BerthException $error) {
                $failed[] = "service $serviceId: {$error->getMessage()}";
            }
        }
        if ($failed !== []) {
            throw new BerthException('usage could not be read of ' . implode('; ', $failed));
        }
    }

    /**
     * By service. The external_id of a server is its customer's to change, that of the tenant isn't: a server counts for a
     * service only where it belongs to the service's client.
     * @return array<int, array>
     */
    private function servers(): array
    {
        $clients = Whmcs::servicesOn($this->whmcsServerId);
        $wanted = [];
        foreach ($clients as $serviceId => $clientId) {
            $wanted[Service::externalId((int) $serviceId)] = [(int) $serviceId, Tenants::externalId((int) $clientId)];
        }
        $tenants = array_column(iterator_to_array($this->api->all('/v1/tenants', 'tenants'), false), 'external_id', 'id');
        $found = [];
        foreach ($this->api->all('/v1/servers', 'servers') as $server) {
            [$serviceId, $tenant] = $wanted[$server['external_id'] ?? ''] ?? [null, null];
            if ($serviceId !== null && ($tenants[$server['tenant_id']] ?? null) === $tenant) {
                $found[$serviceId] = $server;
            }
        }
        return $found;
    }

    /**
     * In and out, of the hours of the calendar month (UTC) that are metered, as bills are made of them.
     * @return array<string, float> bytes by server
     */
    private function traffic(): array
    {
        $now = time();
        $query = [
            'meter' => 'traffic_in,traffic_out',
            'group_by' => 'server',
            'from' => gmmktime(0, 0, 0, (int) gmdate('n', $now), 1, (int) gmdate('Y', $now)),
            'to' => $now,
        ];
        $bytes = [];
        foreach ($this->api->all('/v1/usage', 'usage', $query) as $row) {
            $bytes[$row['server_id']] = ($bytes[$row['server_id']] ?? 0.0) + (float) $row['quantity'];
        }
        return $bytes;
    }

    private function updateOne(int $serviceId, array $server, float $traffic): void
    {
        $series = $this->api->get("/v1/servers/{$server['id']}/metrics")['metrics']['series'];
        // Of the last hour; a server that is stopped, or wasn't sampled, leaves gaps.
        $disk = 0;
        foreach ($series['disk_bytes'] as [, $bytes]) {
            $disk = $bytes ?? $disk;
        }
        Whmcs::saveUsage(
            $serviceId,
            (int) round($disk / self::MB),
            (int) round(($server['limits']['disk_bytes'] ?? 0) / self::MB),
            (int) round($traffic / self::MB),
        );
    }
}
