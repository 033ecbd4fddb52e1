import { Script } from 'node:vm';
import { startTestApi, type TestApi } from '../testing/test-api';

interface Route {
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

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

  it('says of every success what is answered', async () => {
    const { body } = await api.request('GET', '/openapi.json', { token: null });
    const routes = Object.entries(body.paths as Record<string, Record<string, Route>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, route]) => [`${method} ${path}`, route] as const),
    );
    expect(routes.length).toBeGreaterThan(80);
    for (const [name, { responses }] of routes) {
      const [[status, answer] = ['none', {}]] = Object.entries(responses).filter(([code]) =>
        /^[123]/.test(code),
      );
      expect([name, status]).toEqual([name, expect.stringMatching(/^[123]/)]);
      const schemas = Object.values(answer.content ?? {}).map(({ schema }) => schema);
      expect([name, schemas.length, schemas.includes(undefined)]).toEqual([
        name,
        // Neither an upgrade nor a redirection has one.
        status.startsWith('2') && status !== '204' ? 1 : 0,
        false,
      ]);
    }
    expect(body.components.schemas.LiveEventsDto).toMatchObject({
      properties: { hello: {}, operation: {}, server: {}, changed: {}, overflow: {}, beat: {} },
    });
  });

  it('has pages whose script a browser can read, with the same document in it', async () => {
    const script = await (await fetch(`${api.url}/docs/swagger-ui-init.js`)).text();
    expect(() => new Script(script)).not.toThrow();
    const { body } = await api.request('GET', '/openapi.json', { token: null });
    const [, options] = /let options = (\{[\s\S]*?\});\s*\n\s*url = /.exec(script) ?? [];
    expect(JSON.parse(options ?? '{}')).toMatchObject({ swaggerDoc: body });
  });
});
