import { operationKindSchema, serverStatusSchema } from '@berth/contracts';
import { BerthError } from './berth-error';
import { assertTransition, mayObserve, serverTransitions, statusAfter } from './server-transitions';

it('has a row for every operation on servers', () => {
  const kinds = operationKindSchema.options.filter((kind) => kind !== 'enrol_host');
  expect(Object.keys(serverTransitions).sort()).toEqual([...kinds].sort());
});

it('lets delete be asked for in every status', () => {
  for (const status of serverStatusSchema.options)
    expect(() => assertTransition('delete_server', status)).not.toThrow();
});

it('says in which statuses an operation can be asked for', () => {
  expect(() => assertTransition('start_server', 'creating')).toThrow(BerthError);
  expect(() => assertTransition('start_server', 'creating')).toThrow(/running or stopped or error/);
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
