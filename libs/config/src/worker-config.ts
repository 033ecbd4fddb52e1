import { isAbsolute } from 'node:path';
import { z } from 'zod';

import { type Environment, readEnvironment } from './read-environment';
import { sharedConfig, type SharedConfig, sharedShape } from './shared-schema';
import { directories, durations, integer, x25519Key } from './variables';
import {
  checkUsageExport,
  usageExportConfig,
  type UsageExportConfig,
  usageExportShape,
} from './usage-export-config';

const FAULT = /^([a-z_]+)\.([a-z_]+):(before|after)$/;

const shape = {
  ...sharedShape,
  ...usageExportShape,
  BERTH_WORKER_PUBLIC_KEY: x25519Key(),
  /** Opens the hosts' private keys; no other process has it. */
  BERTH_WORKER_PRIVATE_KEY: x25519Key(),
  /** 0 turns the health and metrics server off. */
  BERTH_WORKER_HEALTH_PORT: integer({ min: 0, max: 65_535 }).prefault('0'),
  /** Operations driven at once by this process. */
  BERTH_WORKER_CONCURRENCY: integer({ min: 1, max: 1000 }).prefault('20'),
  /** A worker that hasn't renewed an operation for so long counts as dead, and another takes it over. */
  BERTH_OPERATION_LEASE_MS: integer({ min: 100, max: 600_000 }).prefault('15000'),
  BERTH_RECONCILE_INTERVAL_MS: integer({ min: 100, max: 3_600_000 }).prefault('10000'),
  BERTH_OBSERVE_INTERVAL_MS: integer({ min: 100, max: 3_600_000 }).prefault('2000'),
  /** How often a host is asked what its servers use; graphs and roll-ups are made for a minute. */
  BERTH_USAGE_INTERVAL_MS: integer({ min: 100, max: 3_600_000 }).prefault('60000'),
  /** How often it is counted what a snapshot holds; that reads all of its metadata. */
  BERTH_SNAPSHOT_INTERVAL_MS: integer({ min: 100, max: 86_400_000 }).prefault('300000'),
  /** Waits before a webhook's further tries; their number is that of the tries, less one. Standard Webhooks' schedule. */
  BERTH_WEBHOOK_RETRY_MS: durations().prefault(
    '5000,300000,1800000,7200000,18000000,36000000,50400000,72000000,86400000',
  ),
  /** A receiver that takes longer counts as one that doesn't answer. */
  BERTH_WEBHOOK_TIMEOUT_MS: integer({ min: 100, max: 60_000 }).prefault('15000'),
  /** file:// sources of templates may lie below these only; none if not set. */
  BERTH_TEMPLATE_FILE_ROOTS: directories().prefault(''),
  /** Where simulated hosts keep their state, so that it outlives a worker and several share it; in memory if not set. */
  BERTH_SIMULATED_DIR: z
    .string()
    .refine((path) => isAbsolute(path), 'must be an absolute directory')
    .optional(),
  /** For tests only: the worker kills itself (SIGKILL) just before or after that step, once per operation kind. */
  BERTH_WORKER_FAULT: z
    .string()
    .regex(FAULT, "must look like 'kind.step:before' or 'kind.step:after'")
    .optional(),
};
const schema = z.object(shape).superRefine(checkUsageExport);

/** Where the worker kills itself. Tests use it to show that another worker takes over at every step. */
export interface WorkerFault {
  kind: string;
  step: string;
  when: 'before' | 'after';
}

export interface WorkerConfig extends SharedConfig {
  publicKey: string;
  privateKey: string;
  /** Null: no health server. */
  healthPort: number | null;
  concurrency: number;
  operationLeaseMs: number;
  reconcileIntervalMs: number;
  observeIntervalMs: number;
  usageIntervalMs: number;
  snapshotIntervalMs: number;
  webhookRetryMs: number[];
  webhookTimeoutMs: number;
  usageExport: UsageExportConfig;
  templateFileRoots: string[];
  /** Null: simulated hosts are forgotten with the process. */
  simulatedDir: string | null;
  /** Null but in tests. */
  fault: WorkerFault | null;
}

/** @throws {EnvironmentError} naming every variable that is missing or wrong. */
export function loadWorkerConfig(env: Environment): WorkerConfig {
  const parsed = readEnvironment(schema, env);
  return {
    ...sharedConfig(parsed),
    publicKey: parsed.BERTH_WORKER_PUBLIC_KEY,
    privateKey: parsed.BERTH_WORKER_PRIVATE_KEY,
    healthPort: parsed.BERTH_WORKER_HEALTH_PORT === 0 ? null : parsed.BERTH_WORKER_HEALTH_PORT,
    concurrency: parsed.BERTH_WORKER_CONCURRENCY,
    operationLeaseMs: parsed.BERTH_OPERATION_LEASE_MS,
    reconcileIntervalMs: parsed.BERTH_RECONCILE_INTERVAL_MS,
    observeIntervalMs: parsed.BERTH_OBSERVE_INTERVAL_MS,
    usageIntervalMs: parsed.BERTH_USAGE_INTERVAL_MS,
    snapshotIntervalMs: parsed.BERTH_SNAPSHOT_INTERVAL_MS,
    webhookRetryMs: parsed.BERTH_WEBHOOK_RETRY_MS,
    webhookTimeoutMs: parsed.BERTH_WEBHOOK_TIMEOUT_MS,
    usageExport: usageExportConfig(parsed),
    templateFileRoots: parsed.BERTH_TEMPLATE_FILE_ROOTS,
    simulatedDir: parsed.BERTH_SIMULATED_DIR ?? null,
    fault: parsed.BERTH_WORKER_FAULT === undefined ? null : faultOf(parsed.BERTH_WORKER_FAULT),
  };
}

function faultOf(value: string): WorkerFault | null {
  const [, kind, step, when] = FAULT.exec(value) ?? [];
  if (!kind || !step || (when !== 'before' && when !== 'after')) return null;
  return { kind, step, when };
}
