import { connectRedis, ExecServer } from '@berth/jobs';
import { orderServer } from '@berth/testing';
import type { Redis } from 'ioredis';
import { startTestApi, type TestApi } from '../testing/test-api';

describe('exec', () => {
  let api: TestApi;
  let id: string;
  let runs = 0;
  let worker: ExecServer;
  const connections: Redis[] = [];

  const connect = () => {
    const redis = connectRedis(api.config.redisUrl, () => undefined);
    connections.push(redis);
    return redis;
  };

  beforeAll(async () => {
    api = await startTestApi();
    id = (await orderServer(api.database.dataSource, api.world, { name: 'runner', status: 'running' })).server
      .id;
    // The far end as a worker has it; what runs behind it is not the API's business.
    worker = new ExecServer({
      redis: connect(),
      reader: connect(),
      prefix: api.config.queuePrefix,
      workerId: 'test',
      concurrency: 10,
      onError: () => undefined,
      handler: (request, output) => {
        runs += 1;
        if (request.command[0] === 'fail')
          throw Object.assign(new Error('it is stopped'), { code: 'not_running' });
        output.stdout(Buffer.from(`${request.serverId} ${JSON.stringify(request.command)}\0`));
        output.stderr(Buffer.from('warned\n'));
        return Promise.resolve({ exitCode: 3, truncated: false });
      },
    });
    worker.start();
  });
  afterAll(async () => {
    for (const redis of connections) redis.disconnect();
    await worker.stop();
    await api.close();
  });

  const exec = (body: unknown, headers?: Record<string, string>) =>
    api.request('POST', '/v1/servers/runner/exec', { body, headers });

  it('answers what a worker ran, with its arguments as they are', async () => {
    const command = ['sh', '-c', 'echo "$HOME"; exit 3', "a'b"];
    const { status, body } = await exec({ command });
    expect(status).toBe(200);
    expect(body).toEqual({
      exit_code: 3,
      stdout: `${id} ${JSON.stringify(command)}\0`,
      stderr: 'warned\n',
      truncated: false,
    });
  });

  it('runs once for one Idempotency-Key, and answers the output again', async () => {
    const before = runs;
    const first = await exec({ command: ['id'] }, { 'idempotency-key': 'e1' });
    const again = await exec({ command: ['id'] }, { 'idempotency-key': 'e1' });
    expect(runs).toBe(before + 1);
    expect(again.body).toEqual(first.body);
    const other = await exec({ command: ['who'] }, { 'idempotency-key': 'e1' });
    expect(other.body.error.code).toBe('idempotency_key_reused');
  });

  it('tells a refusal of the worker, and frees the key', async () => {
    for (let i = 0; i < 2; i++) {
      const { status, body } = await exec({ command: ['fail'] }, { 'idempotency-key': 'e2' });
      expect([status, body.error.code]).toEqual([409, 'conflict']);
    }
  });

  it.each([{ command: [] }, { command: 'id' }, { command: ['a\0b'] }, { command: ['id'], timeout_s: 0 }, {}])(
    'refuses %j',
    async (body) => expect((await exec(body)).body.error.code).toBe('invalid_input'),
  );

  it('does not ask a worker for a server that is stopped', async () => {
    await api.database.dataSource.query(`UPDATE servers SET status = 'stopped' WHERE id = $1`, [id]);
    const before = runs;
    const { status, body } = await exec({ command: ['id'] });
    expect([status, body.error.code, body.error.details.status]).toEqual([409, 'conflict', 'stopped']);
    expect(runs).toBe(before);
  });
});

describe('exec without a worker', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await orderServer(api.database.dataSource, api.world, { name: 'runner', status: 'running' });
  });
  afterAll(() => api.close());

  it('is unavailable, and says how long it would have been allowed', async () => {
    const { status, body } = await api.request('POST', '/v1/servers/runner/exec', {
      body: { command: ['id'], timeout_s: 5 },
    });
    expect([status, body.error.code, body.error.details.timeout_s]).toEqual([503, 'unavailable', 5]);
  }, 30_000);
});
