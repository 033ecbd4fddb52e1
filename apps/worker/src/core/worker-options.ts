import type { WorkerConfig } from '@berth/config';
import type { StepEngineOptions } from '@berth/jobs';
import type { SimulatedFleet } from '@berth/runtime';
import { Inject } from '@nestjs/common';

/** What a worker is made of: its configuration, and what tests put in place of the usual. */
export interface WorkerOptions {
  config: WorkerConfig;
  /** Names this process in `operations.worker_id` and `hosts.observer_id`. Default: host name, pid and a random part. */
  workerId?: string;
  /** Simulated hosts. Default: those under `config.simulatedDir`, else in memory. */
  fleet?: SimulatedFleet;
  /** Wait before a failed step's next try. Default: the domain's. */
  retryDelay?: StepEngineOptions['retryDelay'];
  /** Called around each step. Default: what `config.fault` says. */
  fault?: StepEngineOptions['fault'];
}

export const WORKER_OPTIONS = Symbol('WorkerOptions');
export const WORKER_ID = Symbol('WorkerId');
export const InjectOptions = (): ParameterDecorator & PropertyDecorator => Inject(WORKER_OPTIONS);
export const InjectWorkerId = (): ParameterDecorator & PropertyDecorator => Inject(WORKER_ID);
