import type { OperationKind } from '@berth/contracts';
import {
  createOperation,
  generateSealingKeyPair,
  inTransaction,
  OperationEntity,
  ServerEntity,
  type HostEntity,
} from '@berth/database';
import {
  createTestDatabase,
  eventually,
  makeWorld,
  orderServer,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { randomBytes, randomInt } from 'node:crypto';
import { openApi, type ApiUnderTest } from '../resources/api-under-test';
import { WorkerProcess } from './worker-process';

/** How soon a dead worker's operations are taken over in these tests, ms. */
const LEASE_MS = 1500;

export interface Foundations {
  database: TestDatabase;
  world: World;
  /** Of the workers. */
  environment: Record<string, string>;
}

/** All of the platform but the API: a database of its own, and workers that are real processes. */
export class Platform {
  readonly database: TestDatabase;
  readonly world: World;
  protected readonly environment: Record<string, string>;
  private readonly workers: WorkerProcess[] = [];

  constructor({ database, world, environment }: Foundations) {
    this.database = database;
    this.world = world;
    this.environment = environment;
  }

  /** A worker that takes operations. `fault`: where it kills itself. */
  async worker(fault?: string): Promise<WorkerProcess> {
    const worker = this.process(fault ? { BERTH_WORKER_FAULT: fault } : {});
    await worker.ready();
    return worker;
  }

  /** What names of theirs in Redis begin with. */
  get queuePrefix(): string {
    return this.environment.BERTH_QUEUE_PREFIX!;
  }

  /** An API beside the workers. */
  api(): Promise<ApiUnderTest> {
    return openApi(this.database, this.environment);
  }

  /** A worker that may come up or not. */
  process(environment: Record<string, string>): WorkerProcess {
    const worker = new WorkerProcess({ ...this.environment, ...environment });
    this.workers.push(worker);
    return worker;
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

  /** How many operations ended in which way; `null` are those that have not. */
  async outcomes(): Promise<Record<string, number>> {
    const rows: { status: string; count: number }[] = await this.database.dataSource.query(
      'SELECT status, count(*)::int FROM operations GROUP BY status',
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }

  /** Ends the workers that a test left behind. */
  async killWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.kill()));
  }

  async close(): Promise<void> {
    await this.killWorkers();
    await this.database.drop();
  }

  protected get manager() {
    return this.database.dataSource.manager;
  }

  protected async insert(fresh: {
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

/** A database with a world in it, and what workers have to be told. */
export async function layFoundations(given: {
  cidr: string;
  template: NonNullable<Parameters<typeof makeWorld>[1]>['template'];
  templateRoot: string;
  redisUrl?: string;
  host?: (publicKey: string) => Promise<Partial<HostEntity>>;
  environment?: Record<string, string>;
}): Promise<Foundations> {
  const database = await createTestDatabase({ poolSize: 20 });
  const keys = await generateSealingKeyPair();
  const world = await makeWorld(database.dataSource, {
    cidr: given.cidr,
    template: given.template,
    host: await given.host?.(keys.publicKey),
  });
  await startAfresh(database);
  return {
    database,
    world,
    environment: {
      BERTH_POSTGRES_URL: database.url,
      BERTH_REDIS_URL: given.redisUrl ?? process.env.BERTH_TEST_REDIS_URL!,
      BERTH_QUEUE_PREFIX: `c${randomBytes(6).toString('hex')}`,
      BERTH_WORKER_PUBLIC_KEY: keys.publicKey,
      BERTH_WORKER_PRIVATE_KEY: keys.privateKey,
      BERTH_TEMPLATE_FILE_ROOTS: given.templateRoot,
      BERTH_OPERATION_LEASE_MS: String(LEASE_MS),
      BERTH_RECONCILE_INTERVAL_MS: '300',
      BERTH_OBSERVE_INTERVAL_MS: '500',
      BERTH_SHUTDOWN_TIMEOUT_MS: '5000',
      ...given.environment,
    },
  };
}

/** Other tests used the lab's hosts with databases of their own: no container number and no fence may be met again. */
async function startAfresh(database: TestDatabase): Promise<void> {
  const first = randomInt(1_000_000, 900_000_000);
  await database.dataSource.query(`ALTER TABLE servers ALTER COLUMN number RESTART WITH ${first}`);
  await database.dataSource.query(`ALTER SEQUENCE operation_fence RESTART WITH ${Date.now()}`);
}
