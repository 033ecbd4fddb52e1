import { loadWorkerConfig } from '@berth/config';
import { limitNames, limitsSchema, type Limits } from '@berth/contracts';
import { generateSealingKeyPair, newId, OperationEntity, PlanEntity, ServerEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { SimulatedFleet, SimulatedRuntime } from '@berth/runtime';
import {
  createTestDatabase,
  eventually,
  makeWorld,
  orderServer,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { startWorker, type RunningWorker } from '@berth/worker';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BerthClient } from '../e2e/berth-client';
import { openApi, type ApiUnderTest } from './api-under-test';
import { isBad, Random, randomResize } from './random-resize';

jest.setTimeout(300_000);

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const RESIZES = 1000;
const SERVERS = 4;
/** To repeat a run that failed: BERTH_TEST_SEED. */
const SEED = Number(process.env.BERTH_TEST_SEED ?? randomInt(2 ** 31));

const fleet = new SimulatedFleet();
const random = new Random(SEED);
const plans: string[] = [];
let dir: string;
let database: TestDatabase;
let world: World;
let api: ApiUnderTest;
let worker: RunningWorker;
let billing: BerthClient;
let servers: ServerEntity[];

beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 20 });
  dir = mkdtempSync(join(tmpdir(), 'berth-resize-'));
  const { publicKey, privateKey } = await generateSealingKeyPair();
  const environment = {
    BERTH_POSTGRES_URL: database.url,
    BERTH_REDIS_URL: process.env.BERTH_TEST_REDIS_URL,
    BERTH_QUEUE_PREFIX: `r${randomBytes(6).toString('hex')}`,
    BERTH_WORKER_PUBLIC_KEY: publicKey,
    BERTH_WORKER_PRIVATE_KEY: privateKey,
    BERTH_TEMPLATE_FILE_ROOTS: dir,
    BERTH_LOG_LEVEL: 'fatal',
    BERTH_RECONCILE_INTERVAL_MS: '500',
  };
  world = await smallWorld();
  api = await openApi(database, environment);
  worker = await startWorker({ config: loadWorkerConfig(environment), fleet, retryDelay: () => 10 });
  billing = await api.client('billing');
  servers = await Promise.all(Array.from({ length: SERVERS }, runningServer));
});
afterAll(async () => {
  await worker?.stop();
  await api?.close();
  await database?.drop();
  rmSync(dir, { recursive: true, force: true });
});

/** Also stated by the operator: else the observer would soon write what the host itself says. */
const CAPACITY = { capacityCpus: 10, capacityRamBytes: 8 * GIB, capacityDiskBytes: 9 * GIB };

/** A host that a few resizes fill, and a tenant whose quota is a little less than that. */
async function smallWorld(): Promise<World> {
  const image = join(dir, 'template.tar');
  writeFileSync(image, 'a template');
  const sha256 = createHash('sha256').update('a template').digest('hex');
  const made = await makeWorld(database.dataSource, {
    cidr: '10.77.0.0/24',
    template: { source: `file://${image}`, sha256 },
    host: { ...CAPACITY, statedCpus: 10, statedRamBytes: 8 * GIB, statedDiskBytes: 9 * GIB },
    tenant: { quotaCpus: 9, quotaRamBytes: 7.5 * GIB, quotaDiskBytes: 20 * GIB },
  });
  const sizes: Limits[] = [
    { cpus: 1, ram_bytes: 64 * MIB, disk_bytes: GIB },
    { cpu_units: 2000, cpu_limit_percent: 150, ram_bytes: 2 * GIB, disk_bytes: 4 * GIB, num_proc: 500 },
    { cpus: 3, ram_bytes: 512 * MIB, swap_bytes: 64 * MIB, io_priority: 6, disk_bytes: 100 * MIB },
  ];
  for (const limits of sizes) {
    const name = `plan-${newId().slice(-8)}`;
    plans.push(name);
    const { manager } = database.dataSource;
    await manager.save(
      manager.create(PlanEntity, { id: newId(), name, description: '', limits, deletedAt: null }),
    );
  }
  return made;
}

async function runningServer(): Promise<ServerEntity> {
  const { server, operation } = await orderServer(database.dataSource, world);
  await ended(operation.id);
  return reread(server);
}

const reread = ({ id }: ServerEntity) => database.dataSource.manager.findOneByOrFail(ServerEntity, { id });
const ended = (id: string) =>
  eventually(
    `the end of operation ${id}`,
    async () => {
      const operation = await database.dataSource.manager.findOneByOrFail(OperationEntity, { id });
      return operation.finishedAt ? operation : null;
    },
    { timeoutMs: 30_000, intervalMs: 3 },
  );

const set = (limits: Limits): Limits =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null && value !== undefined));

/** What the server should have if this resize succeeds. */
async function expected(before: Limits, body: { plan?: string; limits?: Limits }): Promise<Limits> {
  if (body.limits) return set({ ...before, ...limitsSchema.parse(body.limits) });
  const plan = await database.dataSource.manager.findOneByOrFail(PlanEntity, { name: body.plan! });
  return set(plan.limits);
}

/** The same in the database, in the container's configuration, in its kernel, and by the runtime's own word. */
async function expectLimits(server: ServerEntity, limits: Limits): Promise<void> {
  const id = containerIdOf(server.number);
  const container = fleet.store.readContainer(server.hostId, id)!;
  const runtime = new SimulatedRuntime(fleet.host(server.hostId));
  const found = {
    database: set(server.limits),
    configuration: container.spec.limits,
    kernel: container.live,
    told: (await runtime.inspect(id))?.limits,
    accounted: [server.cpus, server.ramBytes, server.diskBytes],
  };
  const cpus = limits.cpus ?? (limits.cpu_limit_percent ? limits.cpu_limit_percent / 100 : 1);
  const accounted = [Number(cpus.toFixed(2)), limits.ram_bytes ?? GIB, limits.disk_bytes ?? 10 * GIB];
  expect(found).toEqual({
    database: limits,
    configuration: limits,
    kernel: container.state === 'stopped' ? null : limits,
    told: limits,
    accounted,
  });
}

/** The tenant's and the host's sums are those of the servers, and neither is over what it may be. */
async function expectSums(): Promise<void> {
  const rows: Record<string, string>[] = await database.dataSource.query(`
    SELECT sum(s.cpus) = max(t.used_cpus) AND sum(s.ram_bytes) = max(t.used_ram_bytes) AND sum(s.disk_bytes) = max(t.used_disk_bytes)
             AND count(*) = max(t.used_servers) AS tenant,
           sum(s.cpus) = max(h.used_cpus) AND sum(s.ram_bytes) = max(h.used_ram_bytes) AND sum(s.disk_bytes) = max(h.used_disk_bytes)
             AND count(*) = max(h.used_servers) AS host,
           bool_and(t.used_cpus <= t.quota_cpus AND t.used_ram_bytes <= t.quota_ram_bytes AND t.used_disk_bytes <= t.quota_disk_bytes) AS quota,
           bool_and(h.used_cpus <= h.capacity_cpus AND h.used_ram_bytes <= h.capacity_ram_bytes AND h.used_disk_bytes <= h.capacity_disk_bytes) AS capacity
      FROM servers s JOIN tenants t ON t.id = s.tenant_id JOIN hosts h ON h.id = s.host_id WHERE s.deleted_at IS NULL`);
  expect(rows).toEqual([{ tenant: true, host: true, quota: true, capacity: true }]);
}

/** What may go wrong on the host at this resize: often nothing. */
async function mishap(): Promise<void> {
  const machine = fleet.host(world.host.id);
  if (random.chance(0.06))
    await machine.failNext('applyLimits', 'command_failed', { after: random.chance(0.7) });
  else if (random.chance(0.04))
    await machine.failNext('applyLimits', 'unreachable', { after: random.chance(0.5) });
}

/** What the guest uses decides which limits are too low; now and then it changes. */
function use(server: ServerEntity): void {
  if (!random.chance(0.3)) return;
  const id = containerIdOf(server.number);
  const guest = {
    diskBytes: random.between(10, 150) * MIB,
    pinnedBytes: random.between(4, 80) * MIB,
    inodes: 500,
  };
  const container = fleet.store.readContainer(server.hostId, id)!;
  const { disk_bytes: disk, ram_bytes: ram } = container.spec.limits;
  const fits = guest.diskBytes <= (disk ?? Infinity) && guest.pinnedBytes <= (ram ?? Infinity);
  // No kernel lets it use more than it may.
  if (fits) fleet.store.writeContainer(server.hostId, { ...container, use: guest });
}

it(`${RESIZES} random resizes, seed ${SEED}: what is written, configured and enforced stays one`, async () => {
  const outcomes: Record<string, number> = {};
  await billing.act(servers[0]!.id, 'stop');
  for (let n = 0; n < RESIZES; n++) {
    const before = await reread(random.pick(servers));
    use(before);
    const body = randomResize(random, limitNames, plans);
    await mishap();
    const answer = await billing.call<{
      operation?: { id: string };
      limits?: Limits;
      error?: { code: string };
    }>('POST', `/v1/servers/${before.id}/actions/resize`, body);
    let outcome = answer.body.error?.code ?? '';
    let limits = set(before.limits);
    if (answer.body.operation) {
      const operation = await ended(answer.body.operation.id);
      outcome = `${operation.status} ${operation.error?.code ?? ''}`.trim();
      if (operation.status === 'succeeded') {
        limits = await expected(limits, body);
        expect(set(answer.body.limits!)).toEqual(limits);
      }
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    try {
      expect(outcome === 'invalid_input').toBe(isBad(body) && outcome !== 'quota_exceeded');
      await expectLimits(await reread(before), limits);
      await expectSums();
    } catch (error) {
      throw new Error(`resize ${n} (${JSON.stringify(body)}): ${outcome}`, { cause: error });
    }
    // What was not used up must not hit another resize.
    await fleet.host(world.host.id).change((record) => {
      record.faults.failNext = [];
    });
  }
  // All that can happen did: else the test would have looked at less than it says.
  const seen = [
    'succeeded',
    'invalid_input',
    'quota_exceeded',
    'no_capacity',
    'failed limit_too_low',
    'failed command_failed',
  ];
  for (const outcome of seen) expect([outcome, (outcomes[outcome] ?? 0) > 5]).toEqual([outcome, true]);
});
