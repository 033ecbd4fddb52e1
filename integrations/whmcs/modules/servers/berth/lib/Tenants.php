<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Berth;

/** One tenant of Berth for each client of WHMCS. Only billing and operators can change a tenant's external_id. */
final class Tenants
{
    /** As tenantNameSchema in libs/contracts has it. */
    private const NAME_MAX = 100;

    public function __construct(private readonly Api $api)
    {
    }

    public static function externalId(int $clientId): string
    {
        return "whmcs-client-$clientId";
    }

    /** The tenant's id; null where the client never ordered anything. */
    public function find(int $clientId): ?string
    {
        $found = $this->api->get('/v1/tenants', ['external_id' => self::externalId($clientId)])['tenants'];
        return $found[0]['id'] ?? null;
    }

    public function findOrCreate(int $clientId, array $client): string
    {
        $found = $this->find($clientId);
        if ($found !== null) {
            return $found;
        }
        try {
            $body = ['name' => self::name($clientId, $client), 'external_id' => self::externalId($clientId)];
            return $this->api->post('/v1/tenants', $body)['tenant']['id'];
        } catch (BerthException $error) {
            // Another order of the same client was quicker.
            $found = $error->errorCode === 'uniqueness_error' ? $this->find($clientId) : null;
            return $found ?? throw $error;
        }
    }

    /** The company or the person, less what a tenant's name can't hold. */
    public static function name(int $clientId, array $client): string
    {
        $person = trim(($client['firstname'] ?? '') . ' ' . ($client['lastname'] ?? ''));
        // WHMCS keeps what clients typed with HTML's entities.
        $wanted = html_entity_decode((string) (($client['companyname'] ?? '') ?: $person), ENT_QUOTES | ENT_HTML5, 'UTF-8');
        // Not UTF-8 at all: preg_replace gives null.
        $safe = (string) preg_replace('/[^\p{L}\p{M}\p{N} ._,@+-]+/u', ' ', $wanted);
        $safe = (string) preg_replace('/ {2,}/', ' ', $safe);
        $safe = (string) preg_replace('/^[^\p{L}\p{N}]+/u', '', $safe);
        preg_match('/^.{0,' . self::NAME_MAX . '}/us', $safe, $start);
        $safe = (string) preg_replace('/[^\p{L}\p{M}\p{N}.]+$/u', '', $start[0] ?? '');
        return $safe !== '' ? $safe : "WHMCS client $clientId";
    }
}
