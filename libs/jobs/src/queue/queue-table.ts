/** Every queue there is, and how it behaves. Exhaustive: a queue that isn't here can't be opened. */
export const queueTable = {
  operations: {
    /** A job whose worker stopped renewing its lock this long ago is given to another. The fence guards what it does. */
    lockDurationMs: 30_000,
    stalledIntervalMs: 15_000,
    /** Stalls don't count against an operation: its attempts are counted in Postgres. */
    maxStalledCount: 1_000_000,
  },
} as const;

/** The job holds ids only; the worker reads the operation from Postgres. */
export interface OperationJob {
  operationId: string;
}

/** One ring per operation and fence: ringing twice for the same attempt adds nothing, and an old job blocks no new one. */
export function ringId(operationId: string, fence: number, again = 0): string {
  return again === 0 ? `${operationId}.${fence}` : `${operationId}.${fence}.${again}`;
}
