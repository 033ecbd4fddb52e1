import type { Readable } from 'node:stream';
import type { Beancounter, Capability, Device, Feature, Limits } from '@berth/contracts';
import type { ContainerState } from './container-state';
import type { Terminal, TerminalOptions } from './terminal';
import type {
  HandedOver,
  MigrationGrant,
  MigrationId,
  MigrationMode,
  MigrationOffer,
  MigrationPeer,
  SnapshotId,
  SnapshotSummary,
  TakenOver,
  TransferOptions,
} from './snapshot-and-migration';

/** `ct` and the number that Postgres allocated: never reused, unique over all hosts. Also names the cgroup and veth. */
export type ContainerId = string;

/** What a driver reports of its host; sizes in bytes. Read afresh at enrolment and after each boot. */
export interface HostFacts {
  hostname: string;
  kernel: string;
  /** Debian's names: `amd64`, `arm64`. */
  architecture: string;
  cgroup: 'v1' | 'v2';
  cpus: number;
  ramBytes: number;
  disk: { totalBytes: number; freeBytes: number };
  /** Versions of the tools that the driver uses, e.g. `{ lxc: '6.0.4', criu: '4.2' }`. */
  versions: Record<string, string>;
  capabilities: Capability[];
}

export type { ContainerState };

export interface ContainerSummary {
  id: ContainerId;
  state: ContainerState;
  /** Fence of the last mutating command that the host accepted for this container. */
  fence: number;
}

/** One look at a host: what the observer compares with the database. */
export interface HostSnapshot {
  /** Changes at every boot of the host; null where the host has not been prepared since its last boot. */
  bootId: string | null;
  containers: ContainerSummary[];
}

export interface ContainerAddress {
  address: string;
  family: 4 | 6;
  /** 32 for IPv4; the routed prefix's length (64) for IPv6, whose `address` is the one set up inside. */
  prefix: number;
}

export interface DnsSettings {
  nameservers: string[];
  search: string[];
}

/** Everything about a container that a host has to know; kept there as its configuration, fully replaced on change. */
export interface ContainerSpec {
  id: ContainerId;
  /** sha256 of the template, which must have been imported (`ensureTemplate`). */
  templateSha256: string;
  hostname: string;
  /** First host uid/gid of the container's own range of 65,536. */
  idBase: number;
  limits: Limits;
  addresses: ContainerAddress[];
  dns: DnsSettings;
  /** OpenSSH public key lines for root. Empty: the template's own are kept. */
  sshKeys: string[];
  /** In clear, given once; never stored on the host but as a salted hash in the guest's shadow file. */
  rootPassword: string | null;
  /** Off unless named. */
  features?: Feature[];
  devices?: Device[];
}

export interface ContainerDetail extends ContainerSummary {
  hostname: string;
  addresses: ContainerAddress[];
  /** The limits as the host has them configured. */
  limits: Limits;
  features: Feature[];
  devices: Device[];
  /** Process id of the container's init on the host; null unless running. */
  pid: number | null;
}

/** One sample of a container. */
export interface ContainerUsage {
  id: ContainerId;
  state: ContainerState;
  /** When the host took it, milliseconds since 1970 by the host's clock. */
  at: number;
  /** Changes at every start of the container, reboots from inside included; null while it is stopped. */
  boot: string | null;
  /** Since that start; null while it is stopped. */
  uptimeSeconds: number | null;
  /** What the host can't count is left out. Of a stopped container: disk, and the sums and maxima so far. */
  beancounters: Beancounter[];
}

export interface TemplateImage {
  /** Of the tarball; names the template on the host. */
  sha256: string;
  compression: 'none' | 'gzip' | 'xz' | 'zstd';
}

/** Every mutating call carries the operation's fence: a host refuses one lower than the last it saw (`fenced`). */
export interface MutationOptions {
  fence: number;
  /** Kills the remote command when aborted; the call rejects with `aborted`. */
  signal?: AbortSignal;
  /** Lines of what the host printed, for the step's log. */
  onLog?: (line: string) => void;
}

export interface ExecOptions {
  timeoutMs: number;
  stdin?: string | Buffer;
  onStdout?: (chunk: Buffer) => void;
  onStderr?: (chunk: Buffer) => void;
  signal?: AbortSignal;
  /** Output kept of each stream, bytes; the rest is dropped and `truncated` set. Default 1 MiB. */
  maxOutputBytes?: number;
}

export interface ExecResult {
  /** 0–255; 128 + n where signal n ended it; 127 where the command was not found. */
  exitCode: number;
  stdout: string;
  stderr: string;
  truncated: boolean;
}

/**
 * One container host as Berth drives it. Implementations: `lxc`, `simulated` (and `openvz` with its issue).
 *
 * All methods throw `RuntimeError`. Mutating methods are idempotent: they look first, and "already so" is success;
 * they hold the container's lock on the host and refuse an old fence. None leaves a half-made thing that the
 * same call, repeated, would not complete, and that `destroy` would not remove.
 */
export interface ContainerRuntime {
  readonly driver: 'lxc' | 'simulated';

  /** Reads the host without changing it. Throws `host_unsuitable` naming what is missing (LXC, btrfs pool …). */
  inspectHost(): Promise<HostFacts>;
  /** Hooks, sysctls, firewall table, id ranges. Idempotent; wanted at enrolment and after each boot of the host. */
  prepareHost(options?: { signal?: AbortSignal }): Promise<{ bootId: string }>;
  /** One round trip. */
  snapshotHost(): Promise<HostSnapshot>;

  /**
   * Makes the template present: read-only, verified against its sha256, fetched once however many ask at a time.
   * `open` is called only where it is missing. Throws `template_corrupt` on a mismatch, and leaves nothing.
   */
  ensureTemplate(
    image: TemplateImage,
    open: () => Promise<Readable>,
    options?: { signal?: AbortSignal; onProgress?: (bytes: number) => void },
  ): Promise<'present' | 'imported'>;
  /** Removes a template no container was made of, or whose containers are gone; absent is success. */
  removeTemplate(sha256: string): Promise<void>;

  /**
   * Root from the template, configuration, limits, hostname, keys and password. An existing container of this id is
   * completed and reconfigured. With `start` it then runs and answers, as after `start()`, for less time than the two
   * take; without, it is left as it is. Throws `template_missing`, `no_space`, and with `start` what `start()` throws.
   */
  create(spec: ContainerSpec, options: MutationOptions & { start?: boolean }): Promise<void>;
  /**
   * Returns when init runs and the first address answers ping from the host. Running already is success; a frozen one
   * is unfrozen, a checkpointed one restored. Throws `not_found`, `in_migration`.
   */
  start(id: ContainerId, options: MutationOptions): Promise<void>;
  /** Asks init to shut down; kills it after `timeoutMs`. Says which it was. Frozen ones too; drops a checkpoint. */
  stop(id: ContainerId, options: MutationOptions & { timeoutMs: number }): Promise<'stopped' | 'killed'>;
  /** Ends every process at once, frozen ones too; drops a checkpoint. */
  kill(id: ContainerId, options: MutationOptions): Promise<void>;
  /**
   * Kills it if it runs, and removes root, snapshots, checkpoint, configuration, network, cgroups, and what of it a
   * migration brought. Absent is success; the fence is remembered.
   */
  destroy(id: ContainerId, options: MutationOptions): Promise<void>;

  /**
   * Nothing reaches it, and nothing comes out of it, until `mendNetwork`: over its own reboots, starts and boots of the host.
   * A start does not wait for its address then. Throws `not_found`.
   */
  cutNetwork(id: ContainerId, options: MutationOptions): Promise<void>;
  mendNetwork(id: ContainerId, options: MutationOptions): Promise<void>;

  /** Stops all its processes where they are; memory and connections stay. Throws `not_running`. */
  freeze(id: ContainerId, options: MutationOptions): Promise<void>;
  /** They go on. Running is success. Throws `not_running`. */
  unfreeze(id: ContainerId, options: MutationOptions): Promise<void>;
  /**
   * Writes its processes to the host's disk and ends them: state `checkpointed`, its memory is free. Running or frozen.
   * Throws `not_running`, `unsupported`, `checkpoint_failed` (a process uses what can't be written down: it runs on).
   */
  checkpoint(id: ContainerId, options: MutationOptions): Promise<void>;
  /**
   * The processes of a checkpoint go on, established connections included; the checkpoint is gone then. Running is
   * success. Throws `not_found`, `not_running` (there is no checkpoint), `restore_failed` (which stays a checkpoint).
   */
  restore(id: ContainerId, options: MutationOptions): Promise<void>;

  /**
   * The files as they are at one moment, of a running container too; with `memory` the processes too, which stand still
   * for it (a stopped one has none). Constant time whatever the size. An existing snapshot of this id is given as it is.
   * Throws `not_found`, `no_space`, and with `memory` what `checkpoint` throws.
   */
  createSnapshot(
    id: ContainerId,
    snapshotId: SnapshotId,
    options: MutationOptions & { memory?: boolean },
  ): Promise<SnapshotSummary>;
  /**
   * All files as they were; later snapshots stay. A running container is ended and started again; with the snapshot's
   * memory its processes go on from there. A checkpoint is dropped, and it stays stopped; so does a stopped container.
   * Other settings stay as they are now. Throws `not_found`, `restore_failed` (files are back, it is stopped), and what
   * `start` throws.
   */
  rollbackSnapshot(
    id: ContainerId,
    snapshotId: SnapshotId,
    options: MutationOptions & { memory?: boolean },
  ): Promise<ContainerState>;
  /** Absent is success, and so is a container that is absent. */
  deleteSnapshot(id: ContainerId, snapshotId: SnapshotId, options: MutationOptions): Promise<void>;
  /** Oldest first. Finding `exclusiveBytes` reads all their metadata: not for every second. Throws `not_found`. */
  listSnapshots(id: ContainerId): Promise<SnapshotSummary[]>;
  /**
   * `create`, with the files of a snapshot (or of the container as it is now, with `snapshotId` null) in place of a
   * template's: constant time whatever the size. `source` must be on this host. The new one has its own hostname,
   * addresses, machine id and SSH host keys; password and authorized keys only where the spec gives them. Repeated it
   * completes what was begun; an existing container is reconfigured as by `create`. Throws `not_found`, and what `create`
   * throws.
   */
  clone(
    source: { id: ContainerId; snapshotId: SnapshotId | null },
    spec: ContainerSpec,
    options: MutationOptions & { start?: boolean },
  ): Promise<void>;

  /*
   * A migration, in the order of the calls: S on the source's runtime, T on the target's. docs/architecture/migration.md.
   *
   *   S openMigration → T acceptMigration → S connectMigration → S sendDisk, several times → S sendMemory, where pages are
   *   tracked → T prepareTakeOver → S handOver → T takeOver → S dropSource; T closeMigration
   *
   * Until `takeOver` has answered, the way back is T rejectMigration, and if that says `removed`, S resumeSource. Each may
   * be called again after whatever happened.
   */

  /** Makes the key and describes the container, which must not be frozen or checkpointed for `live`. Throws `not_found`. */
  openMigration(
    id: ContainerId,
    migration: { migrationId: MigrationId; mode: MigrationMode },
    options: MutationOptions,
  ): Promise<MigrationOffer>;
  /**
   * Checks that it has room, the features, and the same kind of control groups, and lets the source in: by its key, from
   * `from` only, to one command. Throws `unsupported`, `no_space`, `host_unsuitable`, `conflict` (it has such a container).
   */
  acceptMigration(
    id: ContainerId,
    offer: MigrationOffer,
    options: MutationOptions & { from: string; mode: MigrationMode },
  ): Promise<MigrationGrant>;
  /** Throws `peer_unreachable` where the hosts can't reach each other. */
  connectMigration(
    id: ContainerId,
    migration: { migrationId: MigrationId; peer: MigrationPeer; grant: MigrationGrant },
    options: MutationOptions,
  ): Promise<void>;
  /** One round: all at first, then what has changed since the round before. Running ones run on. Snapshots go along. */
  sendDisk(
    id: ContainerId,
    transfer: TransferOptions,
    options: MutationOptions,
  ): Promise<{ round: number; bytes: number }>;
  /** One round of memory while it runs. Throws `unsupported` (migrate:memory_precopy). */
  sendMemory(
    id: ContainerId,
    transfer: TransferOptions,
    options: MutationOptions,
  ): Promise<{ round: number; bytes: number }>;
  /**
   * Stops it where it is (`live`: frozen, unplugged), or stops it (`timeoutMs` to shut down), and sends the rest. It stays
   * so, and refuses to start with `in_migration`, until `resumeSource` or `dropSource`. Fails with it running as before.
   */
  handOver(
    id: ContainerId,
    transfer: TransferOptions & { mode: MigrationMode; timeoutMs?: number },
    options: MutationOptions,
  ): Promise<HandedOver>;
  /**
   * Makes ready what `takeOver` needs but the last of files and memory, so that it stands still for less long. Only after a
   * `sendDisk`; `takeOver` does without. Throws `not_found`.
   */
  prepareTakeOver(
    id: ContainerId,
    migration: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<void>;
  /**
   * The container goes on here: restored, started or stopped, as it was handed over. Returns when it answers, its files are
   * on the disk and its limits read back. After `restore_failed` it is as if it had not been called.
   */
  takeOver(
    id: ContainerId,
    migration: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<TakenOver>;
  /**
   * Removes what has come and the key; or finds that the container has gone on here. From then on one or the other holds
   * for good: `removed` allows `resumeSource`, `taken_over` demands `dropSource`. Absent is `removed`.
   */
  rejectMigration(
    id: ContainerId,
    migration: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<'removed' | 'taken_over'>;
  /** Takes the key and what else only the migration needed from the target. Absent is success. */
  closeMigration(
    id: ContainerId,
    migration: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<void>;
  /** As before the migration: goes on if it was running, its key is gone. Only after `removed`. */
  resumeSource(
    id: ContainerId,
    migration: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<ContainerState>;
  /** `destroy`, and what still comes for its addresses is passed on to `forwardTo` for a while. Only after `takeOver`. */
  dropSource(
    id: ContainerId,
    migration: { migrationId: MigrationId; forwardTo: string },
    options: MutationOptions,
  ): Promise<void>;

  /** null where the host has no such container. */
  inspect(id: ContainerId): Promise<ContainerDetail | null>;
  /**
   * Says whether `applyLimits` would be refused, without changing anything that lasts (memory may be reclaimed to find
   * out). Throws `unsupported` (details.capability), `limit_too_low` (details.limit, .used, .requested: disk, inodes or
   * processes in use, memory that can't be reclaimed), `invalid_input` (a CPU or node that the host has not), `not_found`.
   */
  checkLimits(id: ContainerId, limits: Limits): Promise<void>;
  /**
   * Live where it runs, and kept for the next start. Limits not named stay; null lifts one. All or nothing: what one of
   * them is refused for puts the others back. Checks as `checkLimits` does, and throws the same. With both cpus and
   * cpu_limit_percent the smaller holds; a rate of 0 is no limit.
   */
  applyLimits(id: ContainerId, limits: Limits, options: MutationOptions): Promise<void>;
  /** Replaces the whole set, live where it runs. Throws `unsupported` (details.capability). */
  setFeatures(id: ContainerId, features: Feature[], options: MutationOptions): Promise<void>;
  /**
   * Replaces the whole set, live where it runs; a network interface leaves the host, and is back when removed from the set
   * or when the container stops. Throws `unsupported`, `device_missing`, `device_in_use`.
   */
  setDevices(id: ContainerId, devices: Device[], options: MutationOptions): Promise<void>;
  /** Replaces the whole set, live where it runs. */
  setAddresses(id: ContainerId, addresses: ContainerAddress[], options: MutationOptions): Promise<void>;
  setHostname(id: ContainerId, hostname: string, options: MutationOptions): Promise<void>;
  setDns(id: ContainerId, dns: DnsSettings, options: MutationOptions): Promise<void>;
  setRootPassword(id: ContainerId, password: string, options: MutationOptions): Promise<void>;
  /** Replaces root's authorized keys. */
  setSshKeys(id: ContainerId, keys: string[], options: MutationOptions): Promise<void>;

  /** All containers in one round trip; cheap with hundreds. Also brings the file user_beancounters inside each up to date. */
  usage(): Promise<ContainerUsage[]>;
  /** The same of one container, now. Throws `not_found`. */
  beancounters(id: ContainerId): Promise<ContainerUsage>;

  /** Runs an argv (no shell) as root inside a running container. Throws `not_running`, `timeout`. */
  exec(id: ContainerId, command: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /**
   * A shell to type into. Ends by itself where the container does, and right before its processes are written down; what
   * was opened by who is gone ends within 20 s. Throws `not_found`, `not_running` (frozen too), `in_migration`, `busy`
   * (it is just stopping, or being written down), `timeout`, `aborted`.
   */
  openTerminal(id: ContainerId, options: TerminalOptions): Promise<Terminal>;
}
