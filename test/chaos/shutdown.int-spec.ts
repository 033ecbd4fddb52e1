import { freePort } from '@berth/stack';
import { eventually } from '@berth/testing';
import { SimulatedPlatform } from './simulated-platform';

jest.setTimeout(60_000);

let platform: SimulatedPlatform;
let port: number;

beforeEach(async () => {
  port = await freePort();
  platform = await SimulatedPlatform.open({
    environment: {
      BERTH_WORKER_HEALTH_PORT: String(port),
      BERTH_SHUTDOWN_TIMEOUT_MS: '1000',
      // Nobody may have to wait for a lease to end.
      BERTH_OPERATION_LEASE_MS: '600000',
    },
  });
});
afterEach(async () => platform.close());

const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);

async function orderThatHangs(): Promise<string> {
  await platform.machine.setLatency({ create: 60_000 });
  const { operationId } = await platform.order();
  await eventually('it runs', async () => (await platform.outcomes()).running === 1);
  return operationId;
}

it('answers for its health, and counts', async () => {
  await platform.worker();
  expect(await (await get('/health/live')).json()).toEqual({ status: 'ok' });
  expect(await (await get('/health/ready')).json()).toEqual({
    status: 'ok',
    checks: { postgres: 'ok', redis: 'ok' },
  });
  const { operationId } = await platform.order();
  await platform.ended(operationId);
  // An order may take less time than the first look at its host, and is over a moment before it is counted.
  for (const counted of [
    /berth_worker_run_seconds_count\{[^}]*outcome="finished"[^}]*\} 1/,
    /berth_worker_watched_hosts\{[^}]*state="answering"[^}]*\} 1/,
  ])
    await eventually(`${counted}`, async () => counted.test(await (await get('/metrics')).text()));
});

it('SIGTERM: what takes too long is given back, and the process ends with 0', async () => {
  const worker = await platform.worker();
  const operationId = await orderThatHangs();
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
  expect(await platform.outcomes()).toEqual({ pending: 1 });
  await platform.machine.setLatency(0);
  await platform.worker();
  expect(await platform.ended(operationId)).toMatchObject({ status: 'succeeded' });
});

it('a second SIGTERM ends it at once', async () => {
  const worker = await platform.worker();
  await orderThatHangs();
  const first = worker.stop();
  await eventually('the first to be heard', () => worker.log.includes('a second signal ends at once'));
  expect(await worker.stop()).toEqual({ code: 1, signal: null });
  await first;
});

it('says what is wrong with its environment, and no value', async () => {
  const port = 'not-a-port-but-a-secret';
  const broken = platform.process({ BERTH_WORKER_HEALTH_PORT: port });
  expect(await broken.ended).toEqual({ code: 2, signal: null });
  expect(broken.log).toContain('BERTH_WORKER_HEALTH_PORT');
  expect(broken.log).not.toContain(port);
});
