<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Berth;

/** Disk and traffic of all services of a WHMCS server, for its usage statistics and overage bills. */
final class Usage
{
    private const MB = 1024 * 1024;
    /** Seconds; the finest step that a month has room for. */
    private const STEP_S = 3600;

    public function __construct(private readonly Api $api, private readonly int $whmcsServerId)
    {
    }

    /** One server's failure doesn't hold up the others: it is told at the end. */
    public function update(): void
    {
        $failed = [];
        foreach ($this->servers() as $serviceId => $server) {
            try {
                $this->updateOne($serviceId, $server);
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

    /** Traffic is of the calendar month, UTC. */
    private function updateOne(int $serviceId, array $server): void
    {
        $now = time();
        $month = gmmktime(0, 0, 0, (int) gmdate('n', $now), 1, (int) gmdate('Y', $now));
        $query = ['from' => $month, 'to' => $now, 'step' => self::STEP_S];
        $series = $this->api->get("/v1/servers/{$server['id']}/metrics", $query)['metrics']['series'];
        $disk = 0;
        foreach ($series['disk_bytes'] as [, $bytes]) {
            $disk = $bytes ?? $disk;
        }
        $traffic = 0.0;
        foreach ([...$series['net_in_bps'], ...$series['net_out_bps']] as [$start, $rate]) {
            // The last step is not over yet.
            $traffic += ($rate ?? 0) * min(self::STEP_S, max(0, $now - $start)) / 8;
        }
        Whmcs::saveUsage(
            $serviceId,
            (int) round($disk / self::MB),
            (int) round(($server['limits']['disk_bytes'] ?? 0) / self::MB),
            (int) round($traffic / self::MB),
        );
    }
}
