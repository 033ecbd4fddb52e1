import { connectRedis, publishOperationChange } from '@berth/jobs';
import { eventually, orderServer } from '@berth/testing';
import type { Redis } from 'ioredis';
import { startTestApi, type TestApi } from '../testing/test-api';

interface Stream {
  status: number;
  type: string | null;
  /** Operations received so far. */
  events: { status: string; progress: number }[];
  /** The server, once its operation has ended. */
  server: { id: string; status: string } | null;
  ended: boolean;
  abort: () => void;
}

describe('events of an operation', () => {
  let api: TestApi;
  let redis: Redis;

  beforeAll(async () => {
    api = await startTestApi();
    redis = connectRedis(api.config.redisUrl, () => undefined);
  });
  afterAll(async () => {
    redis.disconnect();
    await api.close();
  });

  async function open(id: string, at = api): Promise<Stream> {
    const abort = new AbortController();
    const response = await fetch(`${at.url}/v1/operations/${id}/events`, {
      headers: { authorization: `Bearer ${at.tokens.customer}`, 'last-event-id': '17' },
      signal: abort.signal,
    });
    const stream: Stream = {
      status: response.status,
      type: response.headers.get('content-type'),
      events: [],
      server: null,
      ended: false,
      abort: () => abort.abort(),
    };
    const read = async () => {
      let text = '';
      for await (const chunk of response.body!) {
        text += Buffer.from(chunk).toString();
        stream.events = [...text.matchAll(/event: operation\ndata: (.*)\n\n/g)].map((match) =>
          JSON.parse(match[1]!),
        );
        const server = /event: server\ndata: (.*)\n\n/.exec(text);
        stream.server = server && JSON.parse(server[1]!);
      }
      stream.ended = true;
    };
    read().catch(() => undefined);
    return stream;
  }

  const newOperation = async () => (await orderServer(api.database.dataSource, api.world)).operation.id;
  const update = (id: string, set: string) =>
    api.database.dataSource.query(`UPDATE operations SET ${set} WHERE id = $1`, [id]);

  it('come at once, after each change, and end with the operation', async () => {
    const id = await newOperation();
    const stream = await open(id);
    expect([stream.status, stream.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await eventually('the first event', () => stream.events.length === 1);
    expect(stream.events[0]).toMatchObject({ id, status: 'pending', progress: 0 });
    await update(id, `status = 'running', progress = 40`);
    await publishOperationChange(redis, api.config.queuePrefix, { operationId: id, ended: false });
    await eventually('the second event', () => stream.events.length === 2, { timeoutMs: 1500 });
    expect(stream.events[1]).toMatchObject({ status: 'running', progress: 40 });
    expect(stream.ended).toBe(false);
    await update(id, `status = 'succeeded', progress = 100, finished_at = now()`);
    await publishOperationChange(redis, api.config.queuePrefix, { operationId: id, ended: true });
    await eventually('the end', () => stream.ended, { timeoutMs: 1500 });
    expect(stream.events[2]).toMatchObject({ status: 'succeeded', progress: 100 });
    expect(stream.events).toHaveLength(3);
    const { server_id: serverId } = stream.events[2] as unknown as { server_id: string };
    expect(stream.server).toMatchObject({ id: serverId, status: 'creating', addresses: [{ family: 4 }] });
  });

  it('end without a server where there is none any more', async () => {
    const { server, operation } = await orderServer(api.database.dataSource, api.world);
    await api.database.dataSource.query(
      `UPDATE servers SET status = 'deleted', deleted_at = now() WHERE id = $1`,
      [server.id],
    );
    await update(operation.id, `status = 'cancelled', finished_at = now()`);
    const stream = await open(operation.id);
    await eventually('the end', () => stream.ended);
    expect([stream.events.length, stream.server]).toEqual([1, null]);
  });

  it('come also where Redis lost the word', async () => {
    const id = await newOperation();
    const stream = await open(id);
    await eventually('the first event', () => stream.events.length === 1);
    await update(id, `status = 'failed', finished_at = now()`);
    await eventually('the end', () => stream.ended);
    expect(stream.events.at(-1)).toMatchObject({ status: 'failed' });
  });

  it('are one and the end for an operation that has ended', async () => {
    const id = await newOperation();
    await update(id, `status = 'cancelled', finished_at = now()`);
    const stream = await open(id);
    await eventually('the end', () => stream.ended);
    expect(stream.events).toHaveLength(1);
  });

  it('end with the API', async () => {
    const second = await startTestApi();
    const { operation } = await orderServer(second.database.dataSource, second.world);
    const stream = await open(operation.id, second);
    await eventually('the first event', () => stream.events.length === 1);
    await second.endGracefully();
    await eventually('the end', () => stream.ended);
    await second.database.drop();
  });
});
