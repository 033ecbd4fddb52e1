import type { Limits } from '@berth/contracts';
import type { ContainerSpec, ContainerState, ContainerRuntime } from '../container-runtime';
import type { MigrationMode } from '../snapshot-and-migration';
import type { RuntimeErrorCode } from '../runtime-error';

export type RuntimeMethod = Exclude<keyof ContainerRuntime, 'driver'>;

/** How a simulated host misbehaves. All of it may be changed while calls are running. */
export interface SimulatedFaults {
  /** Milliseconds that a method takes; `*` for those not named. Default 0. */
  latencyMs: Partial<Record<RuntimeMethod | '*', number>>;
  /** The next `count` calls of a method (`*`: of any) fail with `code`; `after` lets the change happen first. */
  failNext: { method: RuntimeMethod | '*'; code: RuntimeErrorCode; count: number; after?: boolean }[];
  /** Chance, 0–1, that a call fails with `code`; the same seed gives the same sequence. */
  failRandomly: { probability: number; code: RuntimeErrorCode; seed: number } | null;
  /** Methods of limits and features that this host refuses, as `limit:ram_bytes`. */
  withoutCapabilities: string[];
}

export interface SimulatedHostRecord {
  powered: boolean;
  /** The network is cut: calls fail with `unreachable`, containers go on. */
  cut: boolean;
  /** Null until `prepareHost` after a boot. */
  bootId: string | null;
  /** Grows at each crash and cut, so that a call under way notices. */
  generation: number;
  templates: string[];
  cpus: number;
  ramBytes: number;
  diskBytes: number;
  faults: SimulatedFaults;
  /** What migrations have brought so far, by container. */
  incoming?: Record<string, SimulatedArrival>;
}

export interface SimulatedArrival {
  migrationId: string;
  fence: number;
  /** Once handed over. */
  container: SimulatedContainer | null;
  /** Whether it goes on, or starts, here. */
  running: boolean;
}

export interface SimulatedSnapshot {
  id: string;
  createdAt: number;
  sizeBytes: number;
  /** Seconds that the processes it holds had run; null without memory. */
  secondsUp: number | null;
  passwordHash: string | null;
  use?: SimulatedUse;
}

/** Of a container that is being moved away. */
export interface SimulatedDeparture {
  migrationId: string;
  mode: MigrationMode;
  /** Key of the host it goes to. */
  peer: string | null;
  rounds: number;
  /** What it was when it was handed over; null before. */
  was: ContainerState | null;
}

export interface SimulatedContainer {
  spec: Omit<ContainerSpec, 'rootPassword'>;
  state: ContainerState;
  fence: number;
  pid: number | null;
  /** Salted; only to tell whether a password was set, and whether it changed. */
  passwordHash: string | null;
  /** What its kernel enforces: the limits since the last start or change while running; null while it is stopped. */
  live?: Limits | null;
  /** Nothing reaches it. */
  networkCut?: boolean;
  /** Start of the present run, milliseconds since 1970. */
  startedAt?: number | null;
  /** Seconds that it ran before the present run: sums go on from there. */
  ranSeconds?: number;
  use?: SimulatedUse;
  /** Seconds that the processes of a checkpoint had run. */
  checkpointSeconds?: number | null;
  snapshots?: SimulatedSnapshot[];
  departure?: SimulatedDeparture | null;
  /** The migration that brought it here. */
  arrivedBy?: string;
}

/** What the guest holds, and uses up each second that it runs; set by tests. */
export interface SimulatedUse {
  ramBytes?: number;
  /** Of `ramBytes`, what no limit can take back from it. */
  pinnedBytes?: number;
  swapBytes?: number;
  diskBytes?: number;
  inodes?: number;
  processes?: number;
  cpuPercent?: number;
  ioReadBps?: number;
  ioWriteBps?: number;
  /** Bits a second, as the limits of the net are. */
  netInBps?: number;
  netOutBps?: number;
}

/** Two running containers with one address: what a control plane must never let happen. */
export interface AddressViolation {
  address: string;
  holder: string;
  intruder: string;
  at: string;
}

export const GIB = 1024 ** 3;

export function newHostRecord(): SimulatedHostRecord {
  return {
    powered: true,
    cut: false,
    bootId: null,
    generation: 0,
    templates: [],
    cpus: 64,
    ramBytes: 256 * GIB,
    diskBytes: 4096 * GIB,
    faults: { latencyMs: {}, failNext: [], failRandomly: null, withoutCapabilities: [] },
  };
}
