import { existsSync, mkdirSync, rmSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { withFileLock } from './file-lock';
import type { HostBackend } from './host-backend';
import { cacheDir, type Progress } from './image-cache';
import { canonicalDir, labIdOf, loadRecord, saveRecord } from './lab-state';
import type { HostRecord, LabBackend, LabHost, LabRecord, LabState } from './lab-state';
import { namespaceBackend } from './namespace-backend';
import { bridgeFilterTrouble, bridgeName, makeBridge, removeNetwork, setPort, usedRanges } from './network';
import { mustRun, type RunOptions, type RunResult } from './run';
import { addressesOf, freeSlots, hostAddresses } from './subnets';
import { checkLabSupport } from './support';
import { register, unregister, withMachineLock } from './sysctls';
import { vmBackend } from './vm/vm-backend';
import { waitForSsh } from './wait-for-ssh';
import { waitUntil } from './wait-until';

const DEFAULT_POOL_BYTES = 20 * 1024 ** 3;
const DEFAULT_MEMORY_MIB = 1536;
const SSH_PORT = 22;
const SSH_TIMEOUT_MS = 20_000;
const BURIAL_TIMEOUT_MS = 5_000;

const BACKENDS: Record<LabBackend, HostBackend> = { namespace: namespaceBackend, vm: vmBackend };

export interface LabUpOptions {
  /** At least so many hosts, named host-1 and up; hosts that exist beyond them stay. */
  hosts: number;
  /** Of new hosts; 20 GiB, sparse. */
  poolSizeBytes?: number;
  /** Of a new lab; `namespace`. A lab is of one kind. */
  backend?: LabBackend;
  /** Of new virtual machines: 1536 MiB, one processor. */
  memoryMib?: number;
  cpus?: number;
  onProgress?: Progress;
}

/**
 * A lab: container hosts made out of this machine, all of their state in one directory. Every method reads that state
 * anew, so that several processes may use one lab; the ones that change it wait for each other.
 */
export class Lab {
  readonly id: string;

  private constructor(readonly dir: string) {
    this.id = labIdOf(dir);
  }

  static open(dir: string): Lab {
    const canonical = canonicalDir(dir);
    // These would end an option of the overlay mount or a word of a shell's list.
    if (/[\s,:\\'"]/.test(canonical))
      throw new Error(`a lab's directory may not hold spaces, quotes, commas or colons: ${canonical}`);
    return new Lab(canonical);
  }

  /** Starts what is missing and returns when sshd answers on every host. Idempotent; `lab up` again adds hosts. */
  async up(options: LabUpOptions): Promise<LabState> {
    const progress = options.onProgress ?? (() => undefined);
    const kind = this.backendFor(options);
    const backend = BACKENDS[kind];
    const support = await checkLabSupport(kind);
    if (!support.supported) {
      throw new Error(
        support.missing.map(({ what, wayOut }) => `the lab needs ${what}: ${wayOut}`).join('\n'),
      );
    }
    const image = await backend.image(progress);
    const trouble = await bridgeFilterTrouble();
    if (trouble) progress(`warning: ${trouble}`);
    return this.locked(async () => {
      const lab = await this.found(kind);
      for (let index = lab.hosts.length + 1; index <= options.hosts; index++) {
        lab.hosts.push(newHost(lab, index, image, options));
      }
      saveRecord(lab);
      const stopped = lab.hosts.filter((host) => backend.inspect(lab, host).pid === null);
      if (stopped.length > 0) progress(`starting ${stopped.map((host) => host.name).join(', ')}`);
      await Promise.all(stopped.map((host) => this.boot(lab, host)));
      for (const host of lab.hosts) await this.makeReachable(lab, host);
      return this.describe(lab);
    });
  }

  /** Removes everything the lab made, on the machine and in its directory; the image cache stays. Idempotent. */
  async down(): Promise<void> {
    if (!existsSync(this.dir) && !existsSync(`/sys/class/net/${bridgeName(this.id)}`)) return;
    await this.locked(async () => {
      const lab = loadRecord(this.dir);
      await Promise.all(
        (lab?.hosts ?? []).map((host) => backendOf(lab as LabRecord).kill(lab as LabRecord, host)),
      );
      for (const backend of Object.values(BACKENDS)) await backend.sweep(this.id, this.dir);
      await removeNetwork(this.id);
      await withMachineLock(async () => unregister(this.id));
      await buried(() => Object.values(BACKENDS).flatMap((backend) => backend.processes(this.id)));
      // lab.json last: as long as it is there, a `down` that was interrupted can be repeated.
      for (const entry of ['hosts', 'logs', 'id_ed25519', 'id_ed25519.pub', 'lab.json.new', 'lab.json']) {
        rmSync(path.join(this.dir, entry), { recursive: true, force: true });
      }
    });
    removeIfEmpty(this.dir);
  }

  /** Runs a program in a host as root, past its network. Rejects only if the host doesn't run; 124 = `timeoutMs` ran out. */
  async exec(
    host: string,
    argv: readonly string[],
    options: Pick<RunOptions, 'input' | 'timeoutMs'> = {},
  ): Promise<RunResult> {
    const lab = this.record();
    return backendOf(lab).exec(lab, hostOf(lab, host), argv, options);
  }

  /** Pulls the host's network cable: packets vanish, connections hang. Idempotent. */
  cut(host: string): Promise<void> {
    return this.onHost(host, async (lab, record) => setPort(lab, this.running(lab, record).index, 'down'));
  }

  mend(host: string): Promise<void> {
    return this.onHost(host, async (lab, record) => setPort(lab, this.running(lab, record).index, 'up'));
  }

  /** Power loss: everything in the host ends at once, what is on its disk stays. Idempotent. */
  crash(host: string): Promise<void> {
    return this.onHost(host, (lab, record) => backendOf(lab).kill(lab, record));
  }

  /** Power on, with the same disk, address and host key; returns when sshd answers. Idempotent. */
  start(host: string): Promise<void> {
    return this.onHost(host, async (lab, record) => {
      await this.boot(lab, record);
      await waitForSsh(record.address, SSH_PORT, SSH_TIMEOUT_MS);
    });
  }

  /** Stops every process of the host where it is, containers too; its kernel still answers ping. Idempotent. */
  pause(host: string): Promise<void> {
    return this.onHost(host, (lab, record) => backendOf(lab).pause(lab, this.running(lab, record)));
  }

  resume(host: string): Promise<void> {
    return this.onHost(host, (lab, record) => backendOf(lab).resume(lab, this.running(lab, record)));
  }

  /** The lab as it is now. Throws if it isn't up. */
  state(): LabState {
    return this.describe(this.record());
  }

  private async boot(lab: LabRecord, host: HostRecord): Promise<void> {
    const backend = backendOf(lab);
    // Somebody emptied the cache while the host was off: it gets today's image.
    if (!existsSync(path.join(cacheDir(), host.image))) {
      host.image = await backend.image(() => undefined);
    }
    await backend.prepare(lab, host);
    await backend.boot(lab, host, () => saveRecord(lab));
  }

  /** A second `up` mends what tests left cut or paused. */
  private async makeReachable(lab: LabRecord, host: HostRecord): Promise<void> {
    const { state } = backendOf(lab).inspect(lab, host);
    if (state === 'paused') await backendOf(lab).resume(lab, host);
    if (state !== 'running') await setPort(lab, host.index, 'up');
    await waitForSsh(host.address, SSH_PORT, SSH_TIMEOUT_MS);
  }

  private backendFor({ backend }: LabUpOptions): LabBackend {
    const present = loadRecord(this.dir)?.backend;
    if (present !== undefined && backend !== undefined && backend !== present) {
      throw new Error(
        `the lab in ${this.dir} is of the kind ${present}: take it down first, or choose another --dir`,
      );
    }
    return present ?? backend ?? 'namespace';
  }

  /** The lab's record, key and bridge, made if missing. */
  private async found(kind: LabBackend): Promise<LabRecord> {
    return withMachineLock(async () => {
      const lab = loadRecord(this.dir) ?? (await this.plan(kind));
      register(this.id, this.dir);
      saveRecord(lab);
      if (!existsSync(lab.privateKeyPath)) {
        await mustRun([
          'ssh-keygen',
          '-q',
          '-t',
          'ed25519',
          '-N',
          '',
          '-C',
          `lab ${this.id}`,
          '-f',
          lab.privateKeyPath,
        ]);
      }
      await makeBridge(lab);
      return lab;
    });
  }

  private async plan(kind: LabBackend): Promise<LabRecord> {
    const [slot] = freeSlots(this.id, await usedRanges());
    if (slot === undefined)
      throw new Error('every part of 198.18.0.0/15 is in use on this machine: take another lab down first');
    const privateKeyPath = path.join(this.dir, 'id_ed25519');
    const bridge = bridgeName(this.id);
    return {
      version: 1,
      id: this.id,
      backend: kind,
      dir: this.dir,
      bridge,
      privateKeyPath,
      ...addressesOf(slot, this.id),
      hosts: [],
    };
  }

  private record(): LabRecord {
    const lab = loadRecord(this.dir);
    if (!lab) throw new Error(`there is no lab in ${this.dir}: \`lab up\` makes one`);
    return lab;
  }

  private running(lab: LabRecord, host: HostRecord): HostRecord {
    if (backendOf(lab).inspect(lab, host).pid === null) {
      throw new Error(`host ${host.name} is not running: \`lab start ${host.name}\``);
    }
    return host;
  }

  private onHost(host: string, work: (lab: LabRecord, record: HostRecord) => Promise<void>): Promise<void> {
    return this.locked(async () => {
      const lab = this.record();
      await work(lab, hostOf(lab, host));
    });
  }

  private locked<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    return withFileLock(path.join(this.dir, '.lock'), work);
  }

  private describe(lab: LabRecord): LabState {
    const { backend, dir, bridge, subnet4, gateway4, serverPool4, subnet6, gateway6, serverPool6 } = lab;
    const hosts = lab.hosts.map((host): LabHost => {
      const { name, address, address6, hostKeyFingerprint, poolSizeBytes } = host;
      const access = {
        port: SSH_PORT,
        user: 'root' as const,
        privateKeyPath: lab.privateKeyPath,
        hostKeyFingerprint,
      };
      return {
        id: name,
        name,
        address,
        address6,
        ...access,
        poolSizeBytes,
        ...BACKENDS[backend].inspect(lab, host),
      };
    });
    return { backend, dir, bridge, hosts, subnet4, gateway4, serverPool4, subnet6, gateway6, serverPool6 };
  }
}

/**
 * The hosts' processes were orphans, and it's for the machine's init to bury them; some take a few seconds. Waited for,
 * so that after `down` even a process list shows nothing, but not for long: they hold nothing any more.
 */
async function buried(processes: () => number[]): Promise<void> {
  const none = (): boolean => processes().length === 0;
  await waitUntil('the burial of the dead', BURIAL_TIMEOUT_MS, none).catch(() => undefined);
}

/** The directory was the user's choice: what else they keep there is not ours to delete. */
function removeIfEmpty(dir: string): void {
  rmSync(path.join(dir, '.lock'), { force: true });
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function backendOf(lab: LabRecord): HostBackend {
  return BACKENDS[lab.backend];
}

function newHost(lab: LabRecord, index: number, image: string, options: LabUpOptions): HostRecord {
  const name = `host-${index}`;
  return {
    name,
    index,
    ...hostAddresses(lab, index),
    hostKeyFingerprint: '',
    poolSizeBytes: options.poolSizeBytes ?? DEFAULT_POOL_BYTES,
    image,
    cgroups: [],
    ...(lab.backend === 'vm' && {
      memoryMib: options.memoryMib ?? DEFAULT_MEMORY_MIB,
      cpus: options.cpus ?? 1,
    }),
  };
}

function hostOf(lab: LabRecord, name: string): HostRecord {
  const host = lab.hosts.find((candidate) => candidate.name === name);
  if (host) return host;
  throw new Error(
    `no host ${name} in this lab; it has ${lab.hosts.map((candidate) => candidate.name).join(', ') || 'none'}`,
  );
}
