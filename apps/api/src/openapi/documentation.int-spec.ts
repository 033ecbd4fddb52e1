import { Script } from 'node:vm';
import { startTestApi, type TestApi } from '../testing/test-api';

describe('the documentation', () => {
  let api: TestApi;
  beforeAll(async () => (api = await startTestApi()));
  afterAll(() => api.close());

  it('is OpenAPI 3.1, and names every action of a server', async () => {
    const { status, body } = await api.request('GET', '/openapi.json', { token: null });
    expect([status, body.openapi]).toEqual([200, '3.1.0']);
    for (const verb of ['start', 'stop', 'restart', 'kill', 'reset_password', 'set_hostname']) {
      expect(Object.keys(body.paths)).toContainEqual(
        expect.stringMatching(`^/v1/servers/\\{[a-z]+\\}/actions/${verb}$`),
      );
    }
  });

  it('has pages whose script a browser can read, with the same document in it', async () => {
    const script = await (await fetch(`${api.url}/docs/swagger-ui-init.js`)).text();
    expect(() => new Script(script)).not.toThrow();
    const { body } = await api.request('GET', '/openapi.json', { token: null });
    const [, options] = /let options = (\{[\s\S]*?\});\s*\n\s*url = /.exec(script) ?? [];
    expect(JSON.parse(options ?? '{}')).toMatchObject({ swaggerDoc: body });
  });
});
