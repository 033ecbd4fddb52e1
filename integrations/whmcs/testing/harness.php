<?php

/**
 * Calls the module as WHMCS does, without WHMCS: reads `{"services": …, "calls": [{"function", "params"}]}` from its standard
 * input, and writes what the functions gave and what they asked of WHMCS. WHMCS's own functions are the few lines below.
 */

declare(strict_types=1);

namespace {
    error_reporting(E_ALL);
    set_error_handler(static function (int $level, string $message, string $file, int $line): never {
        throw new ErrorException($message, 0, $level, $file, $line);
    });
    define('WHMCS', true);

    final class Harness
    {
        /** Rows of tblhosting by id. */
        public static array $services = [];
        public static array $properties = [];
        public static array $log = [];
        public static array $localApi = [];
    }

    function logModuleCall($module, $action, $request, $response, $processed = '', $replaceVars = []): void
    {
        // Before WHMCS blanks anything out: what is found here, the module itself let through.
        Harness::$log[] = compact('module', 'action', 'request', 'response');
    }

    function localAPI(string $command, array $values): array
    {
        Harness::$localApi[] = [$command, $values];
        return ['result' => 'success'];
    }

    final class ServiceProperties
    {
        public function __construct(private readonly string $service)
        {
        }

        public function get(string $name): string
        {
            return Harness::$properties[$this->service][$name] ?? '';
        }

        public function save(array $values): void
        {
            Harness::$properties[$this->service] = $values + (Harness::$properties[$this->service] ?? []);
        }
    }
}

namespace WHMCS\Database {
    /** As much of Laravel's query builder as the module uses. */
    final class Capsule
    {
        private array $ids;

        public static function table(string $table): self
        {
            if ($table !== 'tblhosting') {
                throw new \LogicException("the module has no business in $table");
            }
            return new self();
        }

        private function __construct()
        {
            $this->ids = array_keys(\Harness::$services);
        }

        public function where(string $column, mixed $value): self
        {
            return $this->whereIn($column, [$value]);
        }

        public function whereIn(string $column, array $values): self
        {
            $this->ids = array_filter(
                $this->ids,
                static fn ($id) => in_array($column === 'id' ? $id : \Harness::$services[$id][$column], $values, true),
            );
            return $this;
        }

        public function pluck(string $value, string $key): self
        {
            $this->ids = array_combine($this->ids, array_map(static fn ($id) => \Harness::$services[$id][$value], $this->ids));
            return $this;
        }

        public function all(): array
        {
            return $this->ids;
        }

        public function update(array $values): void
        {
            foreach ($this->ids as $id) {
                \Harness::$services[$id] = $values + \Harness::$services[$id];
            }
        }
    }
}

namespace {
    require dirname(__DIR__) . '/modules/servers/berth/berth.php';

    $input = json_decode((string) stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
    foreach ($input['services'] ?? [] as $service) {
        Harness::$services[$service['id']] = $service;
    }
    Harness::$properties = $input['properties'] ?? [];
    $results = [];
    foreach ($input['calls'] as ['function' => $function, 'params' => $params]) {
        if (isset($params['serviceid']) && ($params['model'] ?? null) !== false) {
            $params['model'] = (object) ['serviceProperties' => new ServiceProperties((string) $params['serviceid'])];
        }
        try {
            $results[] = $function($params);
        } catch (Throwable $error) {
            $results[] = ['thrown' => $error->getMessage()];
        }
    }
    echo json_encode([
        'results' => $results,
        'log' => Harness::$log,
        'localApi' => Harness::$localApi,
        'services' => array_values(Harness::$services),
        'properties' => (object) Harness::$properties,
    ], JSON_THROW_ON_ERROR);
}
