import { setTimeout as delay } from 'node:timers/promises';
import { operationKindSchema, type OperationKind } from '@berth/contracts';
import {
  AddressEntity,
  createOperation,
  createOperationInLine,
  DriftFindingEntity,
  inTransaction,
  OperationEntity,
  OperationStepEntity,
  requestCancel,
  ServerEntity,
} from '@berth/database';
import { planOf, StepError } from '@berth/domain';
import {
  createTestDatabase,
  eventually,
  makeWorld,
  orderServer,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { StepEngine, type StepEngineOptions } from './step-engine';
import type { StepContext, StepHandler, StepHandlers } from './step-handler';

type Behaviour = (context: StepContext) => Promise<Record<string, unknown> | void> | void;

let database: TestDatabase;
let world: World;
beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 10 });
  world = await makeWorld(database.dataSource);
});
afterAll(async () => database.drop());

/** Handlers that note what was called; `given` says what a step (`create_container`) or its undo (`undo create_container`) does. */
function handlersWith(calls: string[], given: Record<string, Behaviour> = {}): StepHandlers {
  const handlers: Record<string, Record<string, StepHandler>> = {};
  for (const kind of operationKindSchema.options) {
    handlers[kind] = {};
    for (const { name, undoable } of planOf(kind).steps) {
      const act = (key: string) => async (context: StepContext) => {
        calls.push(key);
        return (await given[key]?.(context)) ?? undefined;
      };
      handlers[kind][name] = {
        run: act(name),
        ...(undoable && { undo: async (context: StepContext) => void (await act(`undo ${name}`)(context)) }),
      };
    }
  }
  return handlers as unknown as StepHandlers;
}

/** Works until it is told to stop. */
const untilAborted: Behaviour = ({ signal }) =>
  new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new StepError('retry', 'aborted', 'stopped'))),
  );

function engineWith(handlers: StepHandlers, given: Partial<StepEngineOptions> = {}): StepEngine {
  return new StepEngine({
    dataSource: database.dataSource,
    handlers,
    workerId: 'test',
    leaseMs: 15_000,
    onChange: () => undefined,
    ring: async () => undefined,
    onError: () => undefined,
    retryDelay: () => 0,
    ...given,
  });
}

const find = (id: string) => database.dataSource.manager.findOneByOrFail(OperationEntity, { id });
const stepsOf = (operationId: string) =>
  database.dataSource.manager.find(OperationStepEntity, {
    where: { operationId },
    order: { position: 'ASC' },
  });
const statusOf = async (serverId: string) =>
  (await database.dataSource.manager.findOneByOrFail(ServerEntity, { id: serverId })).status;

async function runningServer(): Promise<ServerEntity> {
  const { server, operation } = await orderServer(database.dataSource, world);
  await engineWith(handlersWith([])).run(operation.id);
  return server;
}

const ask = (kind: OperationKind, serverId: string, input: Record<string, unknown> = {}) =>
  inTransaction(database.dataSource, (em) =>
    createOperation(em, {
      kind,
      serverId,
      hostId: world.host.id,
      tenantId: world.tenant.id,
      requestedBy: 'test',
      requestId: 'r',
      input,
    }),
  );

it('goes through the steps once each, and ends the server where the table says', async () => {
  const calls: string[] = [];
  const { server, operation } = await orderServer(database.dataSource, world);
  const handlers = handlersWith(calls, { create_container: () => Promise.resolve({ made: true }) });
  expect(await engineWith(handlers).run(operation.id)).toBe('finished');
  expect(calls).toEqual(['import_template', 'create_container', 'start_container']);
  expect(await find(operation.id)).toMatchObject({ status: 'succeeded', progress: 100, error: null });
  expect((await stepsOf(operation.id)).map(({ status, attempt }) => [status, attempt])).toEqual([
    ['succeeded', 1],
    ['succeeded', 1],
    ['succeeded', 1],
  ]);
  expect((await stepsOf(operation.id))[1]!.output).toEqual({ made: true });
  expect(await statusOf(server.id)).toBe('running');
  expect(await engineWith(handlers).run(operation.id)).toBe('not_taken');
});

it('tells when each step began and ended, though several are written at once', async () => {
  const { operation } = await orderServer(database.dataSource, world);
  const handlers = handlersWith([], {
    create_container: async () => {
      await delay(30); // what is measured
      return {};
    },
  });
  await engineWith(handlers).run(operation.id);
  const [, create, start] = await stepsOf(operation.id);
  const tookMs = create!.finishedAt!.getTime() - create!.startedAt!.getTime();
  expect(tookMs).toBeGreaterThanOrEqual(29);
  expect(start!.startedAt!.getTime()).toBeGreaterThanOrEqual(create!.finishedAt!.getTime());
  expect((await find(operation.id)).startedAt!.getTime()).toBeLessThanOrEqual(create!.startedAt!.getTime());
});

it('resumes after the last recorded step, and gives it what earlier steps put out', async () => {
  const { operation } = await orderServer(database.dataSource, world);
  const died = handlersWith([], {
    import_template: () => Promise.resolve({ n: 7 }),
    create_container: untilAborted,
  });
  void engineWith(died, { leaseMs: 200 }).run(operation.id);
  await eventually(
    'the second step runs',
    async () => (await stepsOf(operation.id))[1]!.status === 'running',
  );
  // As a killed worker leaves it: running, with a lease nobody renews.
  await database.dataSource.query(
    `UPDATE operations SET lease_until = now() - interval '1 s' WHERE id = $1`,
    [operation.id],
  );
  const calls: string[] = [];
  let seen: unknown;
  const handlers = handlersWith(calls, {
    start_container: (context) => void (seen = context.outputOf('import_template')),
  });
  expect(await engineWith(handlers).run(operation.id)).toBe('finished');
  expect(calls).toEqual(['create_container', 'start_container']);
  expect(seen).toEqual({ n: 7 });
  expect((await stepsOf(operation.id))[1]!.attempt).toBe(2);
});

it('takes nothing from a worker that renews its lease', async () => {
  const { operation } = await orderServer(database.dataSource, world);
  let go = () => undefined as void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const running = engineWith(handlersWith([], { import_template: () => gate }), { leaseMs: 300 }).run(
    operation.id,
  );
  await eventually('a renewal', async () => {
    const { leaseUntil, startedAt } = await find(operation.id);
    return leaseUntil && startedAt && leaseUntil.getTime() - startedAt.getTime() > 800;
  });
  expect(await engineWith(handlersWith([])).run(operation.id)).toBe('not_taken');
  go();
  expect(await running).toBe('finished');
});

it('lets a worker that was replaced write nothing', async () => {
  const { server, operation } = await orderServer(database.dataSource, world);
  let go = () => undefined as void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  let committed: unknown;
  const late = handlersWith([], {
    create_container: async (context) => {
      await gate;
      committed = await context.commit(async () => 'written').catch((error: unknown) => error);
    },
  });
  const old = engineWith(late, { leaseMs: 60_000 }).run(operation.id);
  await eventually(
    'the second step runs',
    async () => (await stepsOf(operation.id))[1]!.status === 'running',
  );
  await database.dataSource.query(
    `UPDATE operations SET lease_until = now() - interval '1 s' WHERE id = $1`,
    [operation.id],
  );
  expect(
    await engineWith(handlersWith([], { create_container: () => Promise.resolve({ by: 'new' }) })).run(
      operation.id,
    ),
  ).toBe('finished');
  go();
  expect(await old).toBe('lost');
  expect(committed).toMatchObject({ decision: 'fenced' });
  expect((await stepsOf(operation.id))[1]!.output).toEqual({ by: 'new' });
  expect(await statusOf(server.id)).toBe('running');
});

it('tries a retryable failure again, and keeps what it said', async () => {
  const rings: number[] = [];
  let failures = 2;
  const handlers = handlersWith([], {
    create_container: () => {
      if (failures-- > 0)
        throw new StepError('retry', 'unreachable', 'host h1: connection refused', { host: 'h1' });
    },
  });
  const { operation } = await orderServer(database.dataSource, world);
  const engine = engineWith(handlers, {
    ring: async ({ delayMs }) => void rings.push(delayMs),
    retryDelay: (attempt) => attempt * 10,
  });
  expect(await engine.run(operation.id)).toBe('released');
  expect((await stepsOf(operation.id))[1]).toMatchObject({
    status: 'pending',
    error: { code: 'unreachable', step: 'create_container', details: { host: 'h1' } },
  });
  await eventually('the end', async () => (await engine.run(operation.id)) === 'finished');
  expect(rings).toEqual([10, 20]);
  expect((await stepsOf(operation.id))[1]).toMatchObject({ status: 'succeeded', attempt: 3, error: null });
});

it('undoes what was done, last first, when a step fails for good; the order keeps its reservation', async () => {
  const calls: string[] = [];
  const { server, operation } = await orderServer(database.dataSource, world);
  const handlers = handlersWith(calls, {
    start_container: () => {
      throw new StepError('abort', 'no_space', 'host h1 is full');
    },
  });
  expect(await engineWith(handlers).run(operation.id)).toBe('finished');
  expect(calls).toEqual([
    'import_template',
    'create_container',
    'start_container',
    'undo start_container',
    'undo create_container',
  ]);
  expect(await find(operation.id)).toMatchObject({
    status: 'failed',
    error: { code: 'no_space', step: 'start_container', message: 'host h1 is full' },
  });
  expect((await stepsOf(operation.id)).map(({ status }) => status)).toEqual([
    'succeeded',
    'undone',
    'undone',
  ]);
  expect(await statusOf(server.id)).toBe('error');
  expect(await database.dataSource.manager.countBy(AddressEntity, { serverId: server.id })).toBe(1);
});

it('counts a retryable failure as permanent after eight tries', async () => {
  const { operation } = await orderServer(database.dataSource, world);
  const calls: string[] = [];
  const handlers = handlersWith(calls, {
    import_template: () => {
      throw new StepError('retry', 'unreachable', 'gone');
    },
  });
  const engine = engineWith(handlers);
  await eventually('the end', async () => (await engine.run(operation.id)) === 'finished');
  expect(calls).toHaveLength(8);
  expect((await find(operation.id)).status).toBe('failed');
});

it('resumes an undo where it was left', async () => {
  const calls: string[] = [];
  let failures = 1;
  const { operation } = await orderServer(database.dataSource, world);
  const handlers = handlersWith(calls, {
    start_container: () => {
      throw new StepError('abort', 'no_space', 'full');
    },
    'undo create_container': () => {
      if (failures-- > 0) throw new StepError('retry', 'unreachable', 'gone');
    },
  });
  const engine = engineWith(handlers);
  expect(await engine.run(operation.id)).toBe('released');
  await eventually('the end', async () => (await engine.run(operation.id)) === 'finished');
  expect(calls.slice(3)).toEqual(['undo start_container', 'undo create_container', 'undo create_container']);
  expect((await find(operation.id)).error).toMatchObject({ code: 'no_space' });
});

it('shows operators what could not be taken back, and ends all the same', async () => {
  const { operation } = await orderServer(database.dataSource, world);
  const handlers = handlersWith([], {
    start_container: () => {
      throw new StepError('abort', 'no_space', 'full');
    },
    'undo create_container': () => {
      throw new StepError('abort', 'command_failed', 'subvolume is busy');
    },
  });
  expect(await engineWith(handlers).run(operation.id)).toBe('finished');
  const [finding] = await database.dataSource.manager.findBy(DriftFindingEntity, {
    operationId: operation.id,
  });
  expect(finding).toMatchObject({
    kind: 'undo_failed',
    hostId: world.host.id,
    message: expect.stringContaining('subvolume is busy') as string,
  });
});

it('treats what is not a StepError as a bug: no second try, and undone', async () => {
  const calls: string[] = [];
  const { operation } = await orderServer(database.dataSource, world);
  await engineWith(
    handlersWith(calls, {
      create_container: () => {
        throw new TypeError('x is undefined');
      },
    }),
  ).run(operation.id);
  expect(calls).toEqual(['import_template', 'create_container', 'undo create_container']);
  expect((await find(operation.id)).error).toMatchObject({ code: 'internal', message: 'x is undefined' });
});

it('cancels a step under way and gives everything back', async () => {
  const calls: string[] = [];
  const { server, operation } = await orderServer(database.dataSource, world);
  const handlers = handlersWith(calls, {
    create_container: untilAborted,
  });
  const running = engineWith(handlers, { leaseMs: 300 }).run(operation.id);
  await eventually(
    'the second step runs',
    async () => (await stepsOf(operation.id))[1]!.status === 'running',
  );
  expect(await requestCancel(database.dataSource.manager, operation.id)).toBe(true);
  expect(await running).toBe('finished');
  expect(calls.slice(2)).toEqual(['undo create_container']);
  expect(await find(operation.id)).toMatchObject({ status: 'cancelled', error: null });
  expect(await statusOf(server.id)).toBe('deleted');
  expect(await database.dataSource.manager.countBy(AddressEntity, { serverId: server.id })).toBe(0);
});

it('takes back, when cancelled, what a dead worker may have begun without having written it', async () => {
  const { operation } = await orderServer(database.dataSource, world);
  // Taken by a worker that wrote nothing more.
  await database.dataSource.query(
    `UPDATE operations SET status = 'running', attempt = 1, fence = nextval('operation_fence'), worker_id = 'dead',
            lease_until = clock_timestamp() - interval '1 second' WHERE id = $1`,
    [operation.id],
  );
  await requestCancel(database.dataSource.manager, operation.id);
  const calls: string[] = [];
  expect(await engineWith(handlersWith(calls)).run(operation.id)).toBe('finished');
  expect(calls).toEqual(['undo start_container', 'undo create_container']);
  expect((await find(operation.id)).status).toBe('cancelled');
});

it('does not cancel behind the point of no return', async () => {
  const server = await runningServer();
  const operation = await ask('stop_server', server.id, { timeout_s: 1 });
  const handlers = handlersWith([], {
    stop_container: async () => void (await requestCancel(database.dataSource.manager, operation.id)),
  });
  expect(await engineWith(handlers).run(operation.id)).toBe('finished');
  expect((await find(operation.id)).status).toBe('succeeded');
  expect(await statusOf(server.id)).toBe('stopped');
});

it('cancels what waits at its point of no return, untouched', async () => {
  const server = await runningServer();
  const operation = await ask('stop_server', server.id, { timeout_s: 1 });
  await requestCancel(database.dataSource.manager, operation.id);
  const calls: string[] = [];
  expect(await engineWith(handlersWith(calls)).run(operation.id)).toBe('finished');
  expect(calls).toEqual([]);
  expect((await find(operation.id)).status).toBe('cancelled');
  expect((await stepsOf(operation.id))[0]!.status).toBe('pending');
  expect(await statusOf(server.id)).toBe('running');
});

it('does not cancel a step behind the point of no return that a dead worker left in doubt', async () => {
  const server = await runningServer();
  const operation = await ask('stop_server', server.id, { timeout_s: 1 });
  void engineWith(handlersWith([], { stop_container: untilAborted }), { leaseMs: 200 }).run(operation.id);
  await eventually('the step runs', async () => (await stepsOf(operation.id))[0]!.status === 'running');
  await requestCancel(database.dataSource.manager, operation.id);
  await database.dataSource.query(
    `UPDATE operations SET lease_until = now() - interval '1 s' WHERE id = $1`,
    [operation.id],
  );
  const calls: string[] = [];
  expect(await engineWith(handlersWith(calls)).run(operation.id)).toBe('finished');
  expect(calls).toEqual(['stop_container']);
  expect((await find(operation.id)).status).toBe('succeeded');
});

it('lets a delete stop an order and run behind it', async () => {
  const { server, operation } = await orderServer(database.dataSource, world);
  const deletion = await inTransaction(database.dataSource, (em) =>
    createOperationInLine(em, {
      kind: 'delete_server',
      serverId: server.id,
      hostId: world.host.id,
      tenantId: world.tenant.id,
      requestedBy: 'test',
      requestId: 'r',
      input: {},
    }),
  );
  const calls: string[] = [];
  const engine = engineWith(handlersWith(calls));
  expect(await engine.run(deletion.id)).toBe('not_taken');
  expect(await engine.run(operation.id)).toBe('finished');
  expect((await find(operation.id)).status).toBe('cancelled');
  expect(await engine.run(deletion.id)).toBe('finished');
  expect(calls).toEqual(['kill_container', 'destroy_container']);
  expect(await statusOf(server.id)).toBe('deleted');
});

it('has one operation on a server at a time, and names the one that runs', async () => {
  const server = await runningServer();
  const asked = await Promise.allSettled(
    [1, 2, 3].map(() => ask('restart_server', server.id, { timeout_s: 1 })),
  );
  const made = asked.filter((result) => result.status === 'fulfilled');
  expect(made).toHaveLength(1);
  await expect(ask('kill_server', server.id)).rejects.toMatchObject({
    code: 'locked',
    details: { operation_id: made[0]!.value.id },
  });
});

it('gives its work back at shutdown, at once', async () => {
  const { operation } = await orderServer(database.dataSource, world);
  const handlers = handlersWith([], {
    create_container: untilAborted,
  });
  const engine = engineWith(handlers);
  const running = engine.run(operation.id);
  await eventually(
    'the second step runs',
    async () => (await stepsOf(operation.id))[1]!.status === 'running',
  );
  engine.stopAll();
  expect(await running).toBe('released');
  expect(await engineWith(handlersWith([])).run(operation.id)).toBe('finished');
});

it('wipes the sealed password when it is of no more use', async () => {
  const { operation } = await orderServer(database.dataSource, world, {}, { sealed_root_password: 'box' });
  await engineWith(handlersWith([])).run(operation.id);
  expect((await find(operation.id)).input).toEqual({ start: true });
});
