import { loadWorkerConfig, type WorkerConfig } from '@berth/config';
import type { OperationKind } from '@berth/contracts';
import {
  createOperation,
  generateSealingKeyPair,
  inTransaction,
  OperationEntity,
  OperationStepEntity,
  ServerEntity,
  type SealingKeyPair,
} from '@berth/database';
import {
  createTestDatabase,
  eventually,
  makeWorld,
  orderServer,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { SimulatedFleet } from '@berth/runtime';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerOptions } from '../core/worker-options';
import { startWorker, type RunningWorker } from '../worker';

const TEMPLATE = 'not really a root file system: simulated hosts check its sha256 only';

/** A database, simulated hosts and the means to run workers on them; Redis is shared, the queue's prefix is its own. */
export interface TestBench {
  database: TestDatabase;
  fleet: SimulatedFleet;
  keys: SealingKeyPair;
  queuePrefix: string;
  /** A world whose template's file exists. */
  world(given?: Parameters<typeof makeWorld>[1]): Promise<World>;
  /** Starts a worker; it is stopped with the bench at the latest. */
  worker(
    given?: Partial<Omit<WorkerOptions, 'config'>> & { config?: Partial<WorkerConfig> },
  ): Promise<RunningWorker>;
  /** A server as its order made it. Throws unless that has succeeded. */
  ordered(world: World): Promise<ServerEntity>;
  /** Asks for an operation, as the API would; gives its id. */
  ask(server: ServerEntity, kind: OperationKind, input?: Record<string, unknown>): Promise<string>;
  /** Waits for the operation's end. */
  ended(operationId: string, timeoutMs?: number): Promise<OperationEntity>;
  operation(id: string): Promise<OperationEntity>;
  steps(operationId: string): Promise<OperationStepEntity[]>;
  server(id: string): Promise<ServerEntity>;
  close(): Promise<void>;
}

export async function openBench(options: { poolSize?: number } = {}): Promise<TestBench> {
  const database = await createTestDatabase(options);
  const { manager } = database.dataSource;
  const keys = await generateSealingKeyPair();
  const fleet = new SimulatedFleet();
  const dir = await mkdtemp(join(tmpdir(), 'berth-worker-'));
  const template = join(dir, 'template.tar');
  await writeFile(template, TEMPLATE);
  const workers: RunningWorker[] = [];
  const environment = {
    BERTH_POSTGRES_URL: database.url,
    BERTH_REDIS_URL: process.env.BERTH_TEST_REDIS_URL,
    BERTH_QUEUE_PREFIX: `t${randomBytes(6).toString('hex')}`,
    BERTH_WORKER_PUBLIC_KEY: keys.publicKey,
    BERTH_WORKER_PRIVATE_KEY: keys.privateKey,
    BERTH_TEMPLATE_FILE_ROOTS: dir,
    BERTH_LOG_LEVEL: process.env.BERTH_LOG_LEVEL ?? 'fatal',
    BERTH_OPERATION_LEASE_MS: '1500',
    BERTH_RECONCILE_INTERVAL_MS: '300',
    BERTH_OBSERVE_INTERVAL_MS: '200',
    BERTH_USAGE_INTERVAL_MS: '300',
    BERTH_SHUTDOWN_TIMEOUT_MS: '5000',
  };
  const ended = (operationId: string, timeoutMs = 20_000) =>
    eventually(
      `the end of operation ${operationId}`,
      async () => {
        const operation = await manager.findOneByOrFail(OperationEntity, { id: operationId });
        return operation.finishedAt ? operation : null;
      },
      { timeoutMs },
    );
  return {
    database,
    fleet,
    keys,
    queuePrefix: environment.BERTH_QUEUE_PREFIX,
    world: (given = {}) =>
      makeWorld(database.dataSource, {
        ...given,
        template: {
          source: `file://${template}`,
          sha256: createHash('sha256').update(TEMPLATE).digest('hex'),
          ...given.template,
        },
      }),
    worker: async ({ config, ...given } = {}) => {
      const worker = await startWorker({
        fleet,
        retryDelay: () => 50,
        ...given,
        config: { ...loadWorkerConfig(environment), ...config },
      });
      workers.push(worker);
      return worker;
    },
    ask: async (server, kind, input = {}) => {
      const { id: serverId, hostId, tenantId } = server;
      const { id } = await inTransaction(database.dataSource, (em) =>
        createOperation(em, {
          kind,
          serverId,
          hostId,
          tenantId,
          requestedBy: 'test',
          requestId: 'test',
          input,
        }),
      );
      return id;
    },
    ended,
    ordered: async (world) => {
      const { server, operation } = await orderServer(database.dataSource, world);
      const { status, error } = await ended(operation.id);
      if (status !== 'succeeded') throw new Error(`the order ${status}: ${JSON.stringify(error)}`);
      return manager.findOneByOrFail(ServerEntity, { id: server.id });
    },
    operation: (id) => manager.findOneByOrFail(OperationEntity, { id }),
    steps: (operationId) =>
      manager.find(OperationStepEntity, { where: { operationId }, order: { position: 'ASC' } }),
    server: (id) => manager.findOneByOrFail(ServerEntity, { id }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await database.drop();
      await rm(dir, { recursive: true });
    },
  };
}
