import { StepError } from '@berth/domain';
import { RuntimeError, type RuntimeErrorCode } from '@berth/runtime';
import { asFailure } from './step-failure';

const runtimeError = (code: RuntimeErrorCode) =>
  new RuntimeError(code, `host-1: ${code}`, {
    host: 'host-1',
    action: 'start ct1',
    exitCode: 3,
    logTail: 'tail',
  });

it.each([
  ['unreachable', 'retry'],
  ['busy', 'retry'],
  ['timeout', 'retry'],
  ['aborted', 'retry'],
  ['fenced', 'fenced'],
  ['host_key_mismatch', 'abort'],
  ['auth_failed', 'abort'],
  ['host_unsuitable', 'abort'],
  ['template_corrupt', 'abort'],
  ['unsupported', 'abort'],
  ['no_space', 'abort'],
  ['not_found', 'abort'],
  ['command_failed', 'abort'],
] as const)('a runtime that says %s: %s', (code, decision) => {
  const failure = asFailure(runtimeError(code)) as StepError;
  expect(failure).toBeInstanceOf(StepError);
  expect(failure).toMatchObject({
    decision,
    code,
    message: `host-1: ${code}`,
    details: { host: 'host-1', action: 'start ct1', exit_code: 3, log_tail: 'tail' },
  });
});

it('lets a step decide otherwise', () => {
  expect(asFailure(runtimeError('unreachable'), { unreachable: 'abort' })).toMatchObject({
    decision: 'abort',
  });
});

it('tries again when the database was away', () => {
  const lost = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(asFailure(lost)).toMatchObject({ decision: 'retry', code: 'database_unavailable' });
  const shutdown = Object.assign(new Error('terminating'), { driverError: { code: '57P01' } });
  expect(asFailure(shutdown)).toMatchObject({ decision: 'retry', code: 'database_unavailable' });
});

it('passes on what is a bug', () => {
  const bug = new TypeError('x is not a function');
  expect(asFailure(bug)).toBe(bug);
  expect(
    asFailure(Object.assign(new Error('duplicate'), { driverError: { code: '23505' } })),
  ).not.toBeInstanceOf(StepError);
});
