import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signIn } from '../testing/signed-in';
import { startTestApi, type TestApi } from '../testing/test-api';

describe('WebSocket upgrades', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  /** What a server gets to see of a request with these headers. */
  async function requestWith(headers: Record<string, string>): Promise<IncomingMessage> {
    const server = createServer();
    const seen = new Promise<IncomingMessage>((resolve) =>
      server.on('request', (request, response) => {
        response.end();
        resolve(request);
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
    server.close();
    return seen;
  }

  const upgrade = async (on: TestApi, headers: Record<string, string>, host = 'panel.example.org') => {
    const request = await requestWith(headers);
    request.headers.host = host;
    return on.auth.authenticateUpgrade(request).then(
      (caller) => caller.role,
      (error: { code: string }) => error.code,
    );
  };

  it("takes a session's cookie from the own origin alone, and a token from anywhere", async () => {
    const { cookie } = await signIn(api, api.tokens.operator);
    const origin = 'https://panel.example.org';
    expect(await upgrade(api, { cookie, origin })).toBe('operator');
    expect(await upgrade(api, { cookie, origin: 'https://evil.example' })).toBe('forbidden');
    expect(await upgrade(api, { cookie, origin: 'null' })).toBe('forbidden');
    expect(await upgrade(api, { cookie, origin: `${origin}:444` })).toBe('forbidden');
    expect(await upgrade(api, { cookie })).toBe('forbidden');
    const authorization = `Bearer ${api.tokens.customer}`;
    expect(await upgrade(api, { authorization, cookie, origin: 'https://evil.example' })).toBe('customer');
    expect(await upgrade(api, { cookie: 'berth_session=x', origin })).toBe('unauthorized');
    expect(await upgrade(api, { origin })).toBe('unauthorized');
  });

  it('holds it to the public URL where there is one', async () => {
    const open = await startTestApi({ publicUrl: 'http://panel.example.org/' });
    try {
      const { cookie } = await signIn(open, open.tokens.operator);
      expect(await upgrade(open, { cookie, origin: 'http://panel.example.org' })).toBe('operator');
      for (const origin of ['https://panel.example.org', 'http://evil.example'])
        expect(await upgrade(open, { cookie, origin }, new URL(origin).host)).toBe('forbidden');
    } finally {
      await open.close();
    }
  });
});
