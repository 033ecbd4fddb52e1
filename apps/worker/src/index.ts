export type { WorkerOptions } from './core/worker-options';
export { startWorker, type RunningWorker } from './worker';
