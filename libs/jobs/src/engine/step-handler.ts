import type { OperationEntity } from '@berth/database';
import type { OperationKind } from '@berth/contracts';
import type { StepName } from '@berth/domain';
import type { EntityManager } from 'typeorm';

export type StepOutput = Record<string, unknown>;

/** What a step is given. It must re-read what it needs: the row may be older than the world. */
export interface StepContext {
  readonly operation: OperationEntity;
  /** Sent with every mutating command: hosts refuse a lower one than they have seen. */
  readonly fence: number;
  /** Which try of this step this is, from 1; those of workers that died count. */
  readonly attempt: number;
  /** Aborted on time-out, cancel, loss of the operation to another worker, and shutdown. */
  readonly signal: AbortSignal;
  /** Adds a line to the step's log; only the tail is kept. */
  log(line: string): void;
  /** 0–100 within this step; kept at most twice a second. */
  progress(percent: number): void;
  /** What an earlier step gave, or this one when it ran before. */
  outputOf(step: string): StepOutput | null;
  /** A transaction that does nothing if another worker has taken the operation over: throws a fenced StepError then. */
  commit<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
}

/**
 * Idempotent, both: they look at the host before they act, and "already there" is success. What they throw is best a
 * `StepError`; anything else counts as a bug, and is undone without another try.
 */
export interface StepHandler {
  run(context: StepContext): Promise<StepOutput | void>;
  undo?(context: StepContext): Promise<void>;
}

/** A handler for every step of every kind. */
export type StepHandlers = { [K in OperationKind]: Record<StepName<K>, StepHandler> };
