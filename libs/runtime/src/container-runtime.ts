import type { Readable } from 'node:stream';
import type { Beancounter, Capability, Device, Feature, Limits } from '@berth/contracts';

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

export type ContainerState = 'running' | 'stopped' | 'frozen';

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
  /** Returns when init runs and the first address answers ping from the host. Running already is success. Throws `not_found`. */
  start(id: ContainerId, options: MutationOptions): Promise<void>;
  /** Asks init to shut down; kills it after `timeoutMs`. Says which it was. */
  stop(id: ContainerId, options: MutationOptions & { timeoutMs: number }): Promise<'stopped' | 'killed'>;
  /** Ends every process at once. */
  kill(id: ContainerId, options: MutationOptions): Promise<void>;
  /** Kills it if it runs, and removes root, configuration, network, cgroups. Absent is success; the fence is remembered. */
  destroy(id: ContainerId, options: MutationOptions): Promise<void>;

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
}
