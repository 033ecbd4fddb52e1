import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi } from '../testing/test-api';

const PAGE =
  '<!doctype html><title>Berth</title><script type="module" src="/assets/index-C0ffee.js"></script>';

describe('the dashboard', () => {
  let outer: string;
  let directory: string;
  let api: TestApi;

  beforeAll(async () => {
    outer = mkdtempSync(join(tmpdir(), 'berth-dashboard-'));
    directory = join(outer, 'dist');
    writeFileSync(join(outer, 'secret.txt'), 'not for the world');
    api = await startTestApi({ dashboardDir: directory });
  });
  afterAll(async () => {
    await api.close();
    rmSync(outer, { recursive: true, force: true });
  });

  const browse = (path: string, accept = 'text/html,application/xhtml+xml,*/*;q=0.8', method = 'GET') =>
    api.request(method, path, { token: null, headers: { accept } });

  const statusOf = (path: string, headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      const request = get(api.url + path, { headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
    });

  it('says that it is not built, until it is', async () => {
    const answer = await browse('/');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/plain; charset=utf-8']);
    expect(answer.body).toMatch(/The dashboard is not built/);
    expect((await browse('/servers')).body.error.code).toBe('not_found');
    mkdirSync(join(directory, 'assets'), { recursive: true });
    writeFileSync(join(directory, 'index.html'), PAGE);
    writeFileSync(join(directory, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    writeFileSync(join(directory, 'assets', 'index-C0ffee.js'), 'export {}');
    expect((await browse('/')).body).toBe(PAGE);
  });

  it.each(['/', '/servers', '/servers/web-1', '/sign-in?error=x', '/v2', '/healthy', '/documents'])(
    '%s is its page, asked for anew each time',
    async (path) => {
      const { status, body, headers } = await browse(path);
      expect([status, body]).toEqual([200, PAGE]);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-cache');
      // Not by fetch, which asks with `Cache-Control: no-cache` where it is given an ETag.
      const again = await statusOf(path, { accept: 'text/html', 'if-none-match': headers.get('etag')! });
      expect(again).toBe(304);
    },
  );

  it('keeps assets for a year, and other files for no time', async () => {
    const asset = await browse('/assets/index-C0ffee.js', '*/*');
    expect([asset.status, asset.body]).toEqual([200, 'export {}']);
    expect(asset.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const icon = await browse('/favicon.svg', 'image/*');
    expect([icon.status, icon.headers.get('cache-control')]).toEqual([200, 'no-cache']);
  });

  it.each([
    '/assets/gone-123.js',
    '/v1/nothing',
    '/v1',
    '/docs/nothing',
    '/health',
    '/metrics/x',
    '/openapi.json/x',
  ])('%s stays a 404 in JSON', async (path) => {
    const { status, body } = await browse(path);
    expect([status, body.error?.code]).toEqual([404, 'not_found']);
  });

  it('gives its page to no program and to nothing but a look', async () => {
    expect((await browse('/servers', '*/*')).body.error.code).toBe('not_found');
    expect((await browse('/servers', 'application/json')).body.error.code).toBe('not_found');
    expect((await browse('/servers', 'text/html', 'POST')).body.error.code).toBe('not_found');
    expect((await browse('/', '*/*')).body).toBe(PAGE);
  });

  it('gives nothing that lies beside it', async () => {
    for (const path of [
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/%00',
      '/%ff',
    ]) {
      const { body } = await browse(path, '*/*');
      expect([path, JSON.stringify(body)]).toEqual([path, expect.not.stringContaining('not for the world')]);
    }
  });

  it('may load scripts and open connections at its own origin only, and be framed by nobody', async () => {
    const { headers } = await browse('/');
    expect(headers.get('content-security-policy')!.split(';').sort()).toEqual([
      "base-uri 'self'",
      "default-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
      "object-src 'none'",
      "style-src 'self' 'unsafe-inline'",
    ]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('leaves what the API serves as it is', async () => {
    expect((await browse('/docs')).body).toMatch(/swagger/i);
    expect((await browse('/openapi.json')).body.openapi).toBe('3.1.0');
    expect((await browse('/health/live')).body).toEqual({ status: 'ok' });
    expect((await browse('/metrics')).status).toBe(200);
    expect((await browse('/admin/queues')).status).toBe(401);
    expect((await browse('/v1/servers')).status).toBe(401);
  });
});
