<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Berth;

/** Berth's HTTP API, by the server that is set up in WHMCS: its access hash is a token of the role `billing`. */
final class Api
{
    private const CONNECT_S = 10;
    private const ANSWER_S = 30;
    /** In all. Every request may be sent again: what changes something carries an Idempotency-Key. */
    private const ATTEMPTS = 3;
    private const PER_PAGE = 100;

    private readonly string $origin;
    private readonly string $token;

    public function __construct(array $params)
    {
        $host = trim((string) (($params['serverhostname'] ?? '') ?: ($params['serverip'] ?? '')));
        $this->token = trim((string) ($params['serveraccesshash'] ?? ''));
        if ($host === '' || $this->token === '') {
            throw new BerthException('the server in WHMCS needs a hostname and, as access hash, a billing token of Berth');
        }
        if (str_contains($host, ':') && !str_starts_with($host, '[')) {
            $host = "[$host]";
        }
        $secure = in_array($params['serversecure'] ?? false, [true, 'on', '1', 1], true);
        $port = (int) ($params['serverport'] ?? 0);
        $this->origin = ($secure ? 'https://' : 'http://') . $host . ($port > 0 ? ":$port" : '');
    }

    public function get(string $path, array $query = []): array
    {
        return $this->request('GET', $path . ($query === [] ? '' : '?' . http_build_query($query)), null, []);
    }

    /** @param string[] $secrets of the body, for the log to leave out */
    public function post(string $path, array $body = [], array $secrets = []): array
    {
        return $this->request('POST', $path, $body, $secrets);
    }

    public function delete(string $path): array
    {
        return $this->request('DELETE', $path, null, []);
    }

    /**
     * Every page of a list, one entry after the other.
     * @param array $query of lists of things that may come and go meanwhile: with their order, so that none is missed
     */
    public function all(string $path, string $key, array $query = ['sort' => 'id']): \Generator
    {
        $page = 1;
        do {
            $answer = $this->get($path, $query + ['per_page' => self::PER_PAGE, 'page' => $page]);
            yield from $answer[$key];
            $page = $answer['meta']['pagination']['next_page'];
        } while ($page !== null);
    }

    private function request(string $method, string $path, ?array $body, array $secrets): array
    {
        $payload = $body === null ? null : json_encode((object) $body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
        $headers = ['Authorization: Bearer ' . $this->token, 'Accept: application/json', 'User-Agent: berth-whmcs'];
        if ($payload !== null) {
            array_push($headers, 'Content-Type: application/json', 'Idempotency-Key: ' . bin2hex(random_bytes(16)));
        }
        for ($attempt = 1; ; $attempt++) {
            [$status, $text, $problem] = $this->send($method, $path, $headers, $payload);
            $this->log("$method $path", $payload ?? '', $problem === '' ? "$status $text" : $problem, $secrets);
            $answer = json_decode($text, true);
            $code = is_array($answer) ? ($answer['error']['code'] ?? '') : '';
            if (($problem === '' && $status !== 502 && $code !== 'unavailable') || $attempt === self::ATTEMPTS) {
                return $this->understand($status, $answer, $problem);
            }
            usleep($attempt * 500_000);
        }
    }

    /** @return array{int, string, string} status, body, and what went wrong on the way */
    private function send(string $method, string $path, array $headers, ?string $payload): array
    {
        $curl = curl_init($this->origin . $path);
        curl_setopt_array($curl, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_CONNECTTIMEOUT => self::CONNECT_S,
            CURLOPT_TIMEOUT => self::ANSWER_S,
            // A redirect would carry the token to somebody else.
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
        ]);
        if ($payload !== null) {
            curl_setopt($curl, CURLOPT_POSTFIELDS, $payload);
        }
        $text = curl_exec($curl);
        $status = (int) curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        return [$status, is_string($text) ? $text : '', $text === false ? curl_error($curl) : ''];
    }

    private function understand(int $status, mixed $answer, string $problem): array
    {
        if ($problem !== '') {
            throw new BerthException("no answer of Berth at {$this->origin}: $problem");
        }
        if ($status >= 200 && $status < 300 && is_array($answer)) {
            return $answer;
        }
        $error = is_array($answer) ? ($answer['error'] ?? null) : null;
        if (!is_array($error)) {
            throw new BerthException("{$this->origin} answered HTTP $status, not as Berth does: check hostname, port and SSL");
        }
        $messages = [(string) ($error['message'] ?? "HTTP $status")];
        foreach ($error['details']['fields'] ?? [] as $field) {
            $messages[] = "{$field['name']} " . implode(', ', $field['messages']);
        }
        throw new BerthException(
            implode('; ', array_unique($messages)),
            (string) ($error['code'] ?? ''),
            (array) ($error['details'] ?? []),
            (string) ($error['request_id'] ?? ''),
        );
    }

    private function log(string $action, string $request, string $response, array $secrets): void
    {
        $asJson = array_map(static fn (string $one) => substr((string) json_encode($one, JSON_UNESCAPED_SLASHES), 1, -1), $secrets);
        Whmcs::log($action, $request, $response, [$this->token, ...$secrets, ...$asJson]);
    }
}
