import { limitNames, limitsSchema, type Limits } from '@berth/contracts';
import { type ServerEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { randomInt } from 'node:crypto';
import { LabPlatform } from '../chaos/lab-platform';
import type { BerthClient } from '../e2e/berth-client';
import type { ApiUnderTest } from './api-under-test';
import { expectLimitsOnHost, limitsOnHost } from './host-limits';
import { isBad, Random, randomResize } from './random-resize';

jest.setTimeout(180_000);

const MIB = 1024 ** 2;
/** An emulated processor takes two seconds for each. */
const RESIZES = process.env.BERTH_TEST_LAB_DIR === process.env.BERTH_TEST_VM_LAB_DIR ? 15 : 60;
/** To repeat a run that failed: BERTH_TEST_SEED. */
const SEED = Number(process.env.BERTH_TEST_SEED ?? randomInt(2 ** 31));

let platform: LabPlatform;
let api: ApiUnderTest;
let billing: BerthClient;
let server: ServerEntity;

beforeAll(async () => {
  platform = await LabPlatform.open();
  await platform.worker();
  await platform.enrol();
  api = await platform.api();
  billing = await api.client('billing');
  const ordered = await platform.order();
  await billing.done(ordered.operationId);
  server = ordered.server;
});
afterAll(async () => {
  if (server) await platform.ended(await platform.ask(server, 'delete_server'));
  await api?.close();
  await platform?.close();
});

const containerId = () => containerIdOf(server.number);
const initOf = async () => (await platform.inside(server, 'stat', '-c', '%i %Z', '/proc/1')).stdout;

async function expectAgreement(limits: Limits): Promise<void> {
  const row = await platform.server(server.id);
  expect(row.limits).toEqual(limits);
  await expectLimitsOnHost(platform.lab, platform.labHost.name, containerId(), limits);
}

const set = (limits: Limits): Limits =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null && value !== undefined));

it('is live: control groups, df and meminfo change, and nothing was restarted', async () => {
  const init = await initOf();
  await billing.act(server.id, 'resize', { limits: { ram_bytes: 96 * MIB, num_proc: 77, cpus: 1 } });
  await expectAgreement({ ...server.limits, ram_bytes: 96 * MIB, num_proc: 77, cpus: 1 });
  expect((await platform.inside(server, 'head', '-n', '1', '/proc/meminfo')).stdout).toMatch(/ 98304 kB/);
  await billing.act(server.id, 'resize', { limits: { ...server.limits, cpus: null } });
  await expectAgreement(server.limits);
  expect(await initOf()).toBe(init);
});

it('refuses a disk below what is on it, by a failed operation that changed nothing', async () => {
  await platform.inside(server, 'dd', 'if=/dev/zero', 'of=/big', 'bs=1M', 'count=60');
  const { operation } = await billing.ask<{ operation: { id: string } }>(
    'POST',
    `/v1/servers/${server.id}/actions/resize`,
    { limits: { num_proc: 99, disk_bytes: 50 * MIB } },
  );
  const ended = await billing.ended(operation.id);
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'limit_too_low', step: 'apply_limits' } });
  await expectAgreement(server.limits);
  await platform.inside(server, 'rm', '/big');
});

it('keeps the limits over a restart and a reinstall', async () => {
  const limits = { ...server.limits, ram_bytes: 80 * MIB, net_rate_in_bps: 20_000_000 };
  await billing.act(server.id, 'resize', { limits: { ram_bytes: 80 * MIB, net_rate_in_bps: 20_000_000 } });
  await billing.act(server.id, 'restart', { timeout_s: 5 });
  await expectAgreement(limits);
  await billing.act(server.id, 'reinstall', { template: platform.world.template.name });
  await expectAgreement(limits);
  await billing.act(server.id, 'resize', { limits: { ...server.limits, net_rate_in_bps: null } });
});

it(`${RESIZES} random resizes, seed ${SEED}: database, configuration and kernel stay one`, async () => {
  const random = new Random(SEED);
  const { capabilities } = await platform.host();
  // Masks name what the host has, a barrier below what is in use slows the guest down to a crawl, and only a disk that was
  // made so counts inodes.
  const left: readonly string[] = ['cpu_mask', 'node_mask', 'ram_barrier_bytes', 'disk_inodes'];
  const able = limitNames.filter((name) => capabilities.includes(`limit:${name}`) && !left.includes(name));
  expect(able.length).toBeGreaterThan(8);
  const onV1 = (await limitsOnHost(platform.lab, platform.labHost.name, containerId())).cgroup === 'v1';
  const outcomes: Record<string, number> = {};
  for (let n = 0; n < RESIZES; n++) {
    const before = (await platform.server(server.id)).limits;
    const body = randomResize(random, able, [platform.world.plan.name]) as { plan?: string; limits?: Limits };
    const path = `/v1/servers/${server.id}/actions/resize`;
    const answer = await billing.call<{ operation?: { id: string }; error?: { code: string } }>(
      'POST',
      path,
      body,
    );
    let outcome = answer.body.error?.code ?? '';
    let limits = before;
    if (answer.body.operation) {
      const operation = await billing.ended(answer.body.operation.id);
      outcome = operation.error?.code ?? operation.status;
      if (outcome === 'succeeded') {
        limits = body.limits
          ? set({ ...before, ...limitsSchema.parse(body.limits) })
          : set(platform.world.plan.limits);
      }
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    try {
      if (isBad(body)) expect(outcome).toBe('invalid_input');
      // By the host, which is asked only where there is room.
      else if (onV1 && isSwapAlone(before, body.limits)) expect(REFUSALS).toContain(outcome);
      else expect(outcome).not.toBe('invalid_input');
      await expectAgreement(limits);
    } catch (error) {
      throw new Error(`resize ${n} of ${JSON.stringify(body)}: ${outcome}`, { cause: error });
    }
  }
  expect(outcomes.succeeded).toBeGreaterThan(RESIZES / 3);
  const expected = ['succeeded', ...REFUSALS];
  expect(Object.keys(outcomes).filter((one) => !expected.includes(one))).toEqual([]);
});

const REFUSALS = ['invalid_input', 'limit_too_low', 'no_capacity'];

/** cgroup v1 counts swap with memory, so that it wants a limit of both. */
function isSwapAlone(before: Limits, change: Limits | undefined): boolean {
  const { swap_bytes: swap, ram_bytes: ram } = { ...before, ...change };
  return change !== undefined && swap != null && ram == null;
}
