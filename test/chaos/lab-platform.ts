import {
  createOperation,
  generateSealingKeyPair,
  HostEntity,
  inTransaction,
  OperationEntity,
  seal,
  ServerEntity,
} from '@berth/database';
import type { OperationKind } from '@berth/contracts';
import { containerIdOf } from '@berth/domain';
import { Lab, templateCatalogue, type LabHost } from '@berth/lab';
import {
  createTestDatabase,
  eventually,
  makeWorld,
  orderServer,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { WorkerProcess } from './worker-process';

/** How soon a dead worker's operations are taken over in these tests, ms. */
const LEASE_MS = 1500;

/** The lab's first host, a database of its own and real worker processes: all of the platform but the API. */
export class LabPlatform {
  private readonly workers: WorkerProcess[] = [];

  private constructor(
    readonly lab: Lab,
    readonly labHost: LabHost,
    readonly database: TestDatabase,
    readonly world: World,
    private readonly environment: Record<string, string>,
  ) {}

  static async open(): Promise<LabPlatform> {
    const dir = process.env.BERTH_TEST_LAB_DIR;
    if (!dir)
      throw new Error('BERTH_TEST_LAB_DIR is not set: run this through jest, whose set-up starts a lab');
    const lab = Lab.open(dir);
    const state = await lab.state();
    const database = await createTestDatabase();
    const keys = await generateSealingKeyPair();
    const [image] = await templateCatalogue({ only: ['busybox'] });
    const labHost = state.hosts[0]!;
    const world = await makeWorld(database.dataSource, {
      cidr: state.serverPool4,
      template: { source: `file://${image!.path}`, sha256: image!.sha256, compression: 'zstd' },
      host: await hostFields(labHost, keys.publicKey),
    });
    await startAfresh(database);
    return new LabPlatform(lab, labHost, database, world, {
      BERTH_POSTGRES_URL: database.url,
      BERTH_REDIS_URL: process.env.BERTH_TEST_REDIS_URL!,
      BERTH_QUEUE_PREFIX: `c${randomBytes(6).toString('hex')}`,
      BERTH_WORKER_PUBLIC_KEY: keys.publicKey,
      BERTH_WORKER_PRIVATE_KEY: keys.privateKey,
      BERTH_TEMPLATE_FILE_ROOTS: dirname(image!.path),
      BERTH_OPERATION_LEASE_MS: String(LEASE_MS),
      BERTH_RECONCILE_INTERVAL_MS: '300',
      BERTH_OBSERVE_INTERVAL_MS: '500',
      BERTH_SHUTDOWN_TIMEOUT_MS: '5000',
    });
  }

  /** A worker that takes operations. `fault`: where it kills itself. */
  async worker(fault?: string): Promise<WorkerProcess> {
    const worker = new WorkerProcess({ ...this.environment, ...(fault && { BERTH_WORKER_FAULT: fault }) });
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  async enrol(): Promise<void> {
    const { host } = this.world;
    await this.manager.update(HostEntity, { id: host.id }, { state: 'enrolling', reachable: false });
    const id = await this.insert({
      kind: 'enrol_host',
      serverId: null,
      hostId: host.id,
      tenantId: null,
      input: {},
    });
    const ended = await this.ended(id);
    if (ended.status !== 'succeeded') throw new Error(`enrolment: ${JSON.stringify(ended.error)}`);
  }

  async order(given: Partial<ServerEntity> = {}): Promise<{ server: ServerEntity; operationId: string }> {
    const { server, operation } = await orderServer(this.database.dataSource, this.world, given);
    return { server, operationId: operation.id };
  }

  async ask(server: ServerEntity, kind: OperationKind, input: Record<string, unknown> = {}): Promise<string> {
    const { id: serverId, hostId, tenantId } = server;
    return this.insert({ kind, serverId, hostId, tenantId, input });
  }

  async ended(operationId: string, timeoutMs = 45_000): Promise<OperationEntity> {
    return eventually(
      `the end of operation ${operationId}`,
      async () => {
        const operation = await this.manager.findOneByOrFail(OperationEntity, { id: operationId });
        return operation.finishedAt ? operation : null;
      },
      { timeoutMs },
    );
  }

  server(id: string): Promise<ServerEntity> {
    return this.manager.findOneByOrFail(ServerEntity, { id });
  }

  host(): Promise<HostEntity> {
    return this.manager.findOneByOrFail(HostEntity, { id: this.world.host.id });
  }

  async addressOf(server: ServerEntity): Promise<string> {
    const rows: { address: string }[] = await this.database.dataSource.query(
      'SELECT host(address) AS address FROM addresses WHERE server_id = $1 AND family = 4',
      [server.id],
    );
    return rows[0]!.address;
  }

  /** Runs a command in the server from its host, as somebody typing there would. */
  async inside(server: ServerEntity, ...command: string[]): Promise<{ code: number; stdout: string }> {
    const attach = [
      'lxc-attach',
      '-P',
      '/var/lib/berth/containers',
      '-n',
      containerIdOf(server.number),
      '--',
    ];
    return this.lab.exec(this.labHost.name, [...attach, ...command], { timeoutMs: 20_000 });
  }

  /** What the database still holds for servers. */
  async held(): Promise<{ addresses: number; servers: number; unfinished: number }> {
    const rows: { addresses: number; servers: number; unfinished: number }[] =
      await this.database.dataSource.query(
        `SELECT (SELECT count(*)::int FROM addresses WHERE server_id IS NOT NULL) AS addresses,
              (SELECT count(*)::int FROM servers WHERE deleted_at IS NULL) AS servers,
              (SELECT count(*)::int FROM operations WHERE finished_at IS NULL) AS unfinished`,
      );
    return rows[0]!;
  }

  /** Ends the workers that a test left behind. */
  async killWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.kill()));
  }

  async close(): Promise<void> {
    await this.killWorkers();
    await this.database.drop();
  }

  private get manager() {
    return this.database.dataSource.manager;
  }

  private async insert(fresh: {
    kind: OperationKind;
    serverId: string | null;
    hostId: string;
    tenantId: string | null;
    input: Record<string, unknown>;
  }): Promise<string> {
    const { id } = await inTransaction(this.database.dataSource, (em) =>
      createOperation(em, { ...fresh, requestedBy: 'test', requestId: 'test' }),
    );
    return id;
  }
}

async function hostFields(host: LabHost, publicKey: string): Promise<Partial<HostEntity>> {
  return {
    name: host.name,
    driver: 'lxc',
    address: host.address,
    port: host.port,
    user: host.user,
    hostKeyFingerprint: host.hostKeyFingerprint,
    privateKeySealed: await seal(publicKey, readFileSync(host.privateKeyPath, 'utf8')),
  };
}

/** Other tests used these hosts with databases of their own: no container number and no fence may be met again. */
async function startAfresh(database: TestDatabase): Promise<void> {
  const first = randomInt(1_000_000, 900_000_000);
  const fence = Date.now();
  await database.dataSource.query(`ALTER TABLE servers ALTER COLUMN number RESTART WITH ${first}`);
  await database.dataSource.query(`ALTER SEQUENCE operation_fence RESTART WITH ${fence}`);
}
