<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Berth;

/** What is ordered: the product's module settings, and the client's choices (configurable options) before them. */
final class Product
{
    public const DEFAULT_WAIT_S = 60;
    public const MAX_WAIT_S = 600;

    public function __construct(private readonly array $params)
    {
    }

    public function plan(): string
    {
        return $this->needed('Plan', 1);
    }

    public function template(): string
    {
        return $this->needed('Template', 2);
    }

    public function location(): ?string
    {
        return $this->chosen('Location', 3) ?: null;
    }

    /** Seconds. */
    public function wait(): int
    {
        $seconds = $this->chosen('', 4);
        return ctype_digit($seconds) ? min((int) $seconds, self::MAX_WAIT_S) : self::DEFAULT_WAIT_S;
    }

    public function ipv4(): int
    {
        $count = $this->chosen('IPv4', 5);
        return ctype_digit($count) ? (int) $count : 1;
    }

    /** @return string[] of the custom field "SSH key", one a line */
    public function sshKeys(): array
    {
        $lines = preg_split('/\R/', (string) ($this->params['customfields']['SSH key'] ?? '')) ?: [];
        return array_values(array_filter(array_map('trim', $lines)));
    }

    /**
     * A DNS label of the service's domain, since that is what servers are named by; names need not be unique.
     */
    public function serverName(): string
    {
        $first = explode('.', strtolower((string) ($this->params['domain'] ?? '')))[0];
        $label = trim(substr((string) preg_replace('/[^a-z0-9]+/', '-', $first), 0, 63), '-');
        return $label !== '' ? $label : 'service-' . (int) $this->params['serviceid'];
    }

    private function needed(string $name, int $setting): string
    {
        $value = $this->chosen($name, $setting);
        if ($value === '') {
            throw new BerthException("the product has no $name: choose one in its module settings");
        }
        return $value;
    }

    private function chosen(string $name, int $setting): string
    {
        $option = $name === '' ? '' : (string) ($this->params['configoptions'][$name] ?? '');
        return trim($option !== '' ? $option : (string) ($this->params["configoption$setting"] ?? ''));
    }
}
