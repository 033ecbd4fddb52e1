import { operationKindSchema, serverStatusSchema } from '@berth/contracts';
import { BerthError } from './berth-error';
import { assertTransition, mayObserve, serverTransitions, statusAfter } from './server-transitions';

it('has a row for every operation on servers', () => {
  const kinds = operationKindSchema.options.filter((kind) => !['enrol_host', 'clear_source'].includes(kind));
  expect(Object.keys(serverTransitions).sort()).toEqual([...kinds].sort());
});

it('lets delete be asked for in every status', () => {
  for (const status of serverStatusSchema.options)
    expect(() => assertTransition('delete_server', { status, checkpointed: false })).not.toThrow();
});

it('says in which statuses an operation can be asked for', () => {
  const creating = { status: 'creating', checkpointed: false } as const;
  expect(() => assertTransition('start_server', creating)).toThrow(BerthError);
  expect(() => assertTransition('start_server', creating)).toThrow(/running or stopped or error/);
});

it('ends an order with start: false as stopped', () => {
  expect(statusAfter('create_server', 'success', 'creating', { start: false })).toBe('stopped');
  expect(statusAfter('create_server', 'success', 'creating', { start: true })).toBe('running');
  expect(statusAfter('stop_server', 'failure', 'running', {})).toBe('running');
});

it('never lets an observation touch a server that is being made, suspended or deleted', () => {
  for (const from of ['creating', 'suspended', 'deleted'] as const) {
    for (const to of serverStatusSchema.options) expect(mayObserve(from, to)).toBe(false);
  }
  expect(mayObserve('running', 'stopped')).toBe(true);
});

it('lets a checkpointed server be restored or given up, and nothing that would not fit its memory any more', () => {
  const server = { status: 'frozen', checkpointed: true } as const;
  for (const kind of [
    'restore_server',
    'stop_server',
    'kill_server',
    'delete_server',
    'rollback_snapshot',
  ] as const)
    expect(() => assertTransition(kind, server)).not.toThrow();
  for (const kind of [
    'unfreeze_server',
    'freeze_server',
    'resize_server',
    'add_address',
    'reset_password',
  ] as const)
    expect(() => assertTransition(kind, server)).toThrow(/restore it first/);
  expect(() => assertTransition('restore_server', { status: 'frozen', checkpointed: false })).toThrow(
    /not checkpointed/,
  );
});

it('leaves a server that is made or rolled back as its request said', () => {
  for (const kind of ['reinstall_server', 'rollback_snapshot', 'clone_server'] as const) {
    expect(statusAfter(kind, 'success', 'running', { start: false })).toBe('stopped');
    expect(statusAfter(kind, 'success', 'stopped', { start: true })).toBe('running');
  }
  expect(statusAfter('rollback_snapshot', 'failure', 'frozen', { start: false })).toBe('frozen');
});
