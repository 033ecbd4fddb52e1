import type { OperationLogEntry } from '@berth/contracts';
import { orderServer } from '@berth/testing';
import { startTestApi, type TestApi } from '../testing/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const sql = (text: string, parameters: unknown[] = []) => api.database.dataSource.query(text, parameters);
async function log(id: string, token = api.tokens.operator): Promise<OperationLogEntry[]> {
  const { status, body } = await api.request('GET', `/v1/operations/${id}/log`, { token });
  expect([status, body.error]).toEqual([200, undefined]);
  return body.log;
}
const step = (id: string, position: number, set: string) =>
  sql(`UPDATE operation_steps SET ${set} WHERE operation_id = $1 AND position = $2`, [id, position]);

it('tells a failed order in the order of time, and to operators what the host printed', async () => {
  const { operation } = await orderServer(api.database.dataSource, api.world);
  const { id } = operation;
  expect((await log(id)).map(({ message }) => message)).toEqual(['create_server was asked for by test']);
  await sql(
    `UPDATE operations SET created_at = '2026-01-01T00:00:00Z', started_at = '2026-01-01T00:00:01Z', status = 'running', attempt = 2,
            worker_id = 'w-7', run_after = '2026-01-01T00:01:00Z' WHERE id = $1`,
    [id],
  );
  await step(
    id,
    0,
    `status = 'undone', attempt = 1, started_at = '2026-01-01T00:00:02Z', finished_at = '2026-01-01T00:00:02.350Z'`,
  );
  await step(
    id,
    1,
    `status = 'pending', attempt = 2, started_at = '2026-01-01T00:00:03Z', log = E'mkfs\\nno space\\n',
     error = '{"code":"disk_full","message":"no space left","step":"create_container"}'`,
  );
  const during = await log(id);
  expect(during.map(({ level, message }) => [level, message])).toEqual([
    ['info', 'create_server was asked for by test'],
    ['info', 'taken by a worker, 2 times until now; worker w-7 had it last'],
    ['info', 'import_template begins'],
    ['warning', 'import_template was taken back in 350 ms'],
    ['info', 'create_container begins, for the 2. time'],
    ['output', 'mkfs'],
    ['output', 'no space'],
    ['warning', 'create_container failed: no space left; it is tried again 2026-01-01T00:01:00.000Z'],
  ]);
  expect(during.at(-1)).toMatchObject({ step: 'create_container', attempt: 2 });
  await step(id, 1, `status = 'failed', finished_at = '2026-01-01T00:00:15.5Z'`);
  await sql(
    `UPDATE operations SET status = 'failed', cancel_requested_at = '2026-01-01T00:00:05Z', finished_at = '2026-01-01T00:03:21Z',
            error = '{"code":"disk_full","message":"no space left","step":"create_container"}' WHERE id = $1`,
    [id],
  );
  const customers = await log(id, api.tokens.customer);
  expect(customers.slice(-3).map(({ level, message }) => [level, message])).toEqual([
    ['warning', 'a cancel was asked for'],
    ['error', 'create_container failed after 12.5 s: no space left'],
    ['error', 'failed after 3 min 20 s: no space left (create_container)'],
  ]);
  expect(JSON.stringify(customers)).not.toMatch(/mkfs|w-7/);
  const times = (await log(id)).map(({ at }) => at);
  expect(times).toEqual([...times].sort());
});
