import type { OperationLogEntry, Role } from '@berth/contracts';
import type { OperationEntity, OperationStepEntity } from '@berth/database';
import { isoTime } from '../http/time';

type Line = Omit<OperationLogEntry, 'at'> & { at: Date | null };

const line = (
  at: Date | null,
  message: string,
  step: Pick<OperationStepEntity, 'name' | 'attempt'> | null = null,
  level: OperationLogEntry['level'] = 'info',
): Line => ({ at, level, message, step: step?.name ?? null, attempt: step?.attempt ?? null });

/** `350 ms`, `12.5 s`, `3 min 20 s`. */
function duration(from: Date | null, to: Date | null): string {
  const ms = from && to ? Math.max(0, +to - +from) : 0;
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

function takenLine(operation: OperationEntity, isOperator: boolean): Line {
  const { workerId, attempt, startedAt } = operation;
  const has = isOperator && workerId !== null ? `; worker ${workerId} had it last` : '';
  const again = attempt > 1 ? `, ${attempt} times until now` : '';
  return line(startedAt, `taken by a worker${again}${has}`);
}

function stepLines(step: OperationStepEntity, operation: OperationEntity, isOperator: boolean): Line[] {
  const { name, status, attempt, startedAt, finishedAt, error } = step;
  if (startedAt === null) return [];
  const took = duration(startedAt, finishedAt);
  const failed = error ? `: ${error.message}` : '';
  // Rows keep a step's last try; how the ones before it ended is gone with them.
  const begins = line(
    startedAt,
    attempt > 1 ? `${name} begins, for the ${attempt}. time` : `${name} begins`,
    step,
  );
  const ends: Record<typeof status, Line[]> = {
    running: [],
    succeeded: [line(finishedAt, `${name} is done after ${took}`, step)],
    failed: [line(finishedAt, `${name} failed after ${took}${failed}`, step, 'error')],
    undone: [line(finishedAt, `${name} was taken back in ${took}`, step, 'warning')],
    pending: error
      ? [
          line(
            startedAt,
            `${name} failed${failed}; it is tried again ${isoTime(operation.runAfter)}`,
            step,
            'warning',
          ),
        ]
      : [],
  };
  const output = isOperator ? step.log.split('\n').filter((text) => text !== '') : [];
  const printed = output.map((text) => line(finishedAt ?? startedAt, text, step, 'output'));
  return [begins, ...printed, ...ends[status]];
}

function endLine(operation: OperationEntity): Line {
  const { status, error, startedAt, createdAt, finishedAt } = operation;
  const took = duration(startedAt ?? createdAt, finishedAt);
  if (status === 'succeeded') return line(finishedAt, `succeeded after ${took}`);
  if (status === 'cancelled')
    return line(finishedAt, `cancelled after ${took}; what it had done was taken back`, null, 'warning');
  const why = error ? `: ${error.message}${error.step ? ` (${error.step})` : ''}` : '';
  return line(finishedAt, `failed after ${took}${why}`, null, 'error');
}

/** What the rows tell of an operation, in the order of time; what hosts printed is for operators. */
export function operationLog(
  operation: OperationEntity,
  steps: OperationStepEntity[],
  role: Role,
): OperationLogEntry[] {
  const isOperator = role === 'operator';
  const lines = [
    line(operation.createdAt, `${operation.kind} was asked for by ${operation.requestedBy}`),
    ...(operation.waitsFor
      ? [line(operation.createdAt, `waits until operation ${operation.waitsFor} has ended`)]
      : []),
    takenLine(operation, isOperator),
    ...steps.flatMap((step) => stepLines(step, operation, isOperator)),
    line(operation.cancelRequestedAt, 'a cancel was asked for', null, 'warning'),
  ];
  const happened = (line: Line) => line.at !== null;
  // The end is last, though its time is taken a moment before that of the last step, in the same statement.
  return [
    ...lines.filter(happened).sort((a, b) => +a.at! - +b.at!),
    ...[endLine(operation)].filter(happened),
  ].map(({ at, ...rest }) => ({ at: isoTime(at!), ...rest }));
}
