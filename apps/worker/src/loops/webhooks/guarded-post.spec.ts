import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { guardedPost, type PostOptions } from './guarded-post';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Gives its port, and counts what arrives. */
async function serve(listener: RequestListener): Promise<{ port: number; hits: () => number }> {
  let hits = 0;
  const server = createServer((request, response) => {
    hits += 1;
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return { port: (server.address() as AddressInfo).port, hits: () => hits };
}

const loopback = { allowed: ['127.0.0.0/8'] };
const send = (url: string, given: Partial<PostOptions> = {}) =>
  guardedPost(url, { headers: { 'x-test': '1' }, body: 'hello', timeoutMs: 5000, allowed: [], ...given });

it('posts to an address that is allowed, with the name as host', async () => {
  let seen: unknown;
  const { port } = await serve((request, response) => {
    const { method, url, headers } = request;
    seen = { method, url, host: headers.host, test: headers['x-test'], length: headers['content-length'] };
    response.setHeader('retry-after', '7').end('thanks');
  });
  const resolve = () => Promise.resolve(['127.0.0.1']);
  const answer = await send(`http://hooks.example:${port}/a?b=1`, { ...loopback, resolve });
  expect(answer).toEqual({ status: 200, retryAfter: '7', body: 'thanks' });
  expect(seen).toEqual({
    method: 'POST',
    url: '/a?b=1',
    host: `hooks.example:${port}`,
    test: '1',
    length: '5',
  });
});

it.each([
  [['127.0.0.1']],
  [['10.0.0.1', '::1', 'fe80::1']],
  [['::ffff:127.0.0.1']],
  [['64:ff9b::7f00:1']],
  [[]],
])('does not connect where the name leads to %j', async (addresses) => {
  const { port, hits } = await serve((_request, response) => response.end());
  const resolve = () => Promise.resolve(addresses);
  await expect(send(`http://hooks.example:${port}/`, { resolve })).rejects.toThrow(
    'hooks.example has no address that webhooks may be sent to',
  );
  expect(hits()).toBe(0);
});

it('asks for the addresses once: a second answer of the name would change nothing', async () => {
  const { port, hits } = await serve((_request, response) => response.end());
  const answers = [['127.0.0.1'], ['127.0.0.2']];
  const resolve = jest.fn(() => Promise.resolve(answers.shift()!));
  await send(`http://rebinding.example:${port}/`, { resolve, allowed: ['127.0.0.1/32'] });
  expect([hits(), resolve.mock.calls.length]).toEqual([1, 1]);
});

it('takes of several addresses only those that are allowed', async () => {
  const { port, hits } = await serve((_request, response) => response.end());
  const resolve = () => Promise.resolve(['127.0.0.2', '127.0.0.1']);
  // Nothing listens at 127.0.0.2, and it is not allowed.
  await send(`http://mixed.example:${port}/`, { resolve, allowed: ['127.0.0.1/32'] });
  expect(hits()).toBe(1);
});

it.each(['http://127.0.0.1', 'http://0x7f.1', 'http://2130706433', 'http://[::ffff:127.0.0.1]'])(
  'does not connect to %s, which needs no name to be resolved',
  async (origin) => {
    const { port, hits } = await serve((_request, response) => response.end());
    const resolve = jest.fn(() => Promise.resolve(['127.0.0.1']));
    await expect(send(`${origin}:${port}/`, { resolve })).rejects.toThrow('no address');
    expect([hits(), resolve.mock.calls.length]).toEqual([0, 0]);
  },
);

it('takes a redirect for an answer', async () => {
  const target = await serve((_request, response) => response.end());
  const { port } = await serve((_request, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${target.port}/` }).end(),
  );
  expect(await send(`http://127.0.0.1:${port}/`, loopback)).toMatchObject({ status: 302 });
  expect(target.hits()).toBe(0);
});

it('reads the beginning of an endless answer, without control characters', async () => {
  const { port } = await serve((_request, response) => {
    response.write('ok\u001b[31m\u0000\n');
    const pour = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    };
    response.on('drain', pour);
    pour();
  });
  const { status, body } = await send(`http://127.0.0.1:${port}/`, loopback);
  expect(status).toBe(200);
  expect(body.startsWith('ok[31m\nxxx')).toBe(true);
  expect(body.length).toBeLessThanOrEqual(1000);
});

it.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  ['answers a line and no more', (_request, response) => void response.write('…')],
])('gives up where the receiver %s', async (_what, listener) => {
  const { port } = await serve(listener);
  await expect(send(`http://127.0.0.1:${port}/`, { ...loopback, timeoutMs: 150 })).rejects.toThrow(
    'no answer within 150 ms',
  );
});

it('gives up where the name is never resolved, and ends when it is told to', async () => {
  const resolve = () => new Promise<never>(() => undefined);
  await expect(send('http://slow.example/', { resolve, timeoutMs: 50 })).rejects.toThrow(
    'no answer within 50 ms',
  );
  const ending = new AbortController();
  const sent = send('http://slow.example/', { resolve, signal: ending.signal });
  ending.abort(new Error('the worker ends'));
  await expect(sent).rejects.toThrow('the worker ends');
});
