import { ExecClient, connectRedis } from '@berth/jobs';
import type { ServerEntity } from '@berth/database';
import { newId } from '@berth/database';
import { orderServer } from '@berth/testing';
import type { Redis } from 'ioredis';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let redis: Redis;
let client: ExecClient;
let server: ServerEntity;

beforeAll(async () => {
  bench = await openBench();
  const world = await bench.world();
  await bench.worker();
  const noise = () => undefined;
  const url = process.env.BERTH_TEST_REDIS_URL!;
  redis = connectRedis(url, noise);
  client = new ExecClient(redis, connectRedis(url, noise), bench.queuePrefix, noise);
  client.start();
  const ordered = await orderServer(bench.database.dataSource, world);
  server = ordered.server;
  await bench.ended(ordered.operation.id);
});
afterAll(async () => {
  await client.stop();
  redis.disconnect();
  await bench.close();
});

it('runs a command in the server, and gives its output and exit code', async () => {
  expect(await client.exec(server.id, ['echo', '$(id)', ';', 'true'], 5000)).toEqual({
    exitCode: 0,
    stdout: '$(id) ; true\n',
    stderr: '',
    truncated: false,
  });
  expect(await client.exec(server.id, ['false'], 5000)).toMatchObject({ exitCode: 1 });
});

it('runs a dozen at a time on a host, and refuses the next rather than have it wait', async () => {
  const many = await Promise.allSettled(
    Array.from({ length: 13 }, () => client.exec(server.id, ['sleep', '1'], 10_000)),
  );
  const refused = many.filter((result) => result.status === 'rejected');
  expect(refused).toMatchObject([{ reason: { code: 'unavailable', details: { reason: 'busy' } } }]);
  expect(await client.exec(server.id, ['true'], 5000)).toMatchObject({ exitCode: 0 });
});

it('says what is wrong', async () => {
  await expect(client.exec(newId(), ['true'], 5000)).rejects.toMatchObject({ code: 'not_found' });
  await expect(client.exec(server.id, ['sleep', '30'], 200)).rejects.toMatchObject({ code: 'unavailable' });
  await bench.ended(await bench.ask(server, 'kill_server'));
  await expect(client.exec(server.id, ['true'], 5000)).rejects.toMatchObject({ code: 'conflict' });
});
