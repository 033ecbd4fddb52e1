import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { allCapabilities, limitNames } from '@berth/contracts';
import type { Device, Feature, LimitName, Limits } from '@berth/contracts';
import type {
  ContainerAddress,
  ContainerDetail,
  ContainerId,
  ContainerRuntime,
  ContainerSpec,
  ContainerUsage,
  DnsSettings,
  ExecOptions,
  ExecResult,
  HostFacts,
  HostSnapshot,
  MutationOptions,
  TemplateImage,
} from '../container-runtime';
import { RuntimeError } from '../runtime-error';
import { closeOnAbort, type Terminal, type TerminalOptions } from '../terminal';
import * as check from '../validation';
import { runGuestCommand } from './simulated-exec';
import type { SimulatedHost } from './simulated-fleet';
import { SimulatedMigrations } from './simulated-migrations';
import type { SimulatedContainer } from './simulated-state';
import { SimulatedTerminal, type Interruption } from './simulated-terminal';
import { findTooLow, halted, isUp, launched, sample } from './simulated-usage';

const DEFAULT_OUTPUT_BYTES = 1024 * 1024;

/** The contract of `ContainerRuntime` on a `SimulatedHost`: same checks, locks, fences and errors, no machine. */
export class SimulatedRuntime extends SimulatedMigrations implements ContainerRuntime {
  readonly driver = 'simulated';

  inspectHost(): Promise<HostFacts> {
    return this.call('inspectHost', 'inspect the host', undefined, () => {
      const record = this.machine.record();
      const used = this.machine.containers().reduce((sum, one) => sum + (one.spec.limits.disk_bytes ?? 0), 0);
      return {
        hostname: this.name,
        kernel: 'simulated',
        architecture: 'amd64',
        cgroup: 'v2',
        cpus: record.cpus,
        ramBytes: record.ramBytes,
        disk: { totalBytes: record.diskBytes, freeBytes: Math.max(0, record.diskBytes - used) },
        versions: { simulated: '1' },
        capabilities: allCapabilities.filter((one) => !record.faults.withoutCapabilities.includes(one)),
      };
    });
  }

  prepareHost(options: { signal?: AbortSignal } = {}): Promise<{ bootId: string }> {
    return this.call('prepareHost', 'prepare the host', options.signal, async () => ({
      bootId: await this.machine.prepare(),
    }));
  }

  snapshotHost(): Promise<HostSnapshot> {
    return this.call('snapshotHost', 'list the containers', undefined, () => ({
      bootId: this.machine.record().bootId,
      containers: this.machine.containers().map(({ spec, state, fence }) => ({ id: spec.id, state, fence })),
    }));
  }

  async ensureTemplate(
    image: TemplateImage,
    open: () => Promise<Readable>,
    options: { signal?: AbortSignal; onProgress?: (bytes: number) => void } = {},
  ): Promise<'present' | 'imported'> {
    const { sha256 } = image;
    check.assertSha256(this.name, sha256);
    const action = `import the template ${sha256.slice(0, 12)}`;
    return this.call('ensureTemplate', action, options.signal, () =>
      this.locked(`template-${sha256}`, action, async () => {
        if (this.machine.record().templates.includes(sha256)) return 'present';
        if (this.machine.fetchesTemplates) await this.verify(sha256, open, action, options.onProgress);
        await this.machine.change((record) => record.templates.push(sha256));
        return 'imported';
      }),
    );
  }

  private async verify(
    sha256: string,
    open: () => Promise<Readable>,
    action: string,
    onProgress?: (bytes: number) => void,
  ): Promise<void> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of await open()) {
      hash.update(chunk as Buffer);
      onProgress?.((bytes += (chunk as Buffer).length));
    }
    if (hash.digest('hex') === sha256) return;
    throw this.error(
      'template_corrupt',
      action,
      'what arrived does not have this sha256: fetch the image anew',
    );
  }

  async removeTemplate(sha256: string): Promise<void> {
    check.assertSha256(this.name, sha256);
    return this.call('removeTemplate', `remove the template ${sha256.slice(0, 12)}`, undefined, () =>
      this.machine.change((record) => {
        record.templates = record.templates.filter((one) => one !== sha256);
      }),
    );
  }

  async create(spec: ContainerSpec, options: MutationOptions & { start?: boolean }): Promise<void> {
    this.assertCreatable(spec);
    await this.createFrom(spec, options, null);
  }

  protected assertCreatable(spec: ContainerSpec): void {
    check.assertSpec(this.name, spec, this.supportedLimits(), this.lacking());
  }

  protected async createFrom(
    spec: ContainerSpec,
    options: MutationOptions & { start?: boolean },
    origin: Pick<SimulatedContainer, 'passwordHash' | 'use'> | null,
  ): Promise<void> {
    await this.mutate('create', spec.id, options, (current) => {
      if (!current && !origin && !this.machine.record().templates.includes(spec.templateSha256)) {
        const why = `template ${spec.templateSha256} is not here`;
        throw this.error('template_missing', `create ${spec.id}`, why);
      }
      const { rootPassword, ...rest } = structuredClone(spec);
      const before = current?.passwordHash ?? origin?.passwordHash ?? null;
      const next: SimulatedContainer = {
        state: 'stopped',
        pid: null,
        use: origin?.use,
        ...current,
        fence: options.fence,
        spec: { ...rest, limits: check.mergeLimits({}, rest.limits) },
        passwordHash: rootPassword === null ? before : hashPassword(rootPassword),
      };
      if (!current || !isUp(current)) return next;
      this.moveAddresses(current.spec.addresses, next);
      return { ...next, live: next.spec.limits };
    });
    if (options.start) await this.start(spec.id, options);
  }

  start(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutateExisting('start', id, options, (container) => {
      this.assertNotLeaving(container, `start ${id}`);
      if (isUp(container)) return { ...container, state: 'running' };
      this.moveAddresses([], container);
      return launched(container, container.checkpointSeconds ?? 0);
    });
  }

  async stop(
    id: ContainerId,
    options: MutationOptions & { timeoutMs: number },
  ): Promise<'stopped' | 'killed'> {
    await this.halt('stop', id, options);
    return 'stopped';
  }

  kill(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.halt('kill', id, options);
  }

  destroy(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutate('destroy', id, options, async (container) => {
      if (container) this.releaseAddresses(container);
      await this.forgetArrival(id);
      return null;
    });
  }

  async inspect(id: ContainerId): Promise<ContainerDetail | null> {
    check.assertContainerId(this.name, id);
    return this.call('inspect', `inspect ${id}`, undefined, () => {
      const container = this.machine.store.readContainer(this.machine.key, id);
      if (!container) return null;
      const { state, fence, pid, spec } = container;
      return {
        id,
        state,
        fence,
        pid,
        hostname: spec.hostname,
        addresses: spec.addresses,
        limits: spec.limits,
        features: spec.features ?? [],
        devices: spec.devices ?? [],
      };
    });
  }

  async applyLimits(id: ContainerId, limits: Limits, options: MutationOptions): Promise<void> {
    check.assertLimits(this.name, limits, this.supportedLimits());
    return this.mutateExisting('applyLimits', id, options, (container) => {
      this.assertNotTooLow(container, limits, `applyLimits ${id}`);
      const merged = check.mergeLimits(container.spec.limits, limits);
      const next = withSpec(container, { limits: merged });
      return isUp(container) ? { ...next, live: merged } : next;
    });
  }

  async checkLimits(id: ContainerId, limits: Limits): Promise<void> {
    check.assertContainerId(this.name, id);
    check.assertLimits(this.name, limits, this.supportedLimits());
    const action = `check the limits of ${id}`;
    return this.call('checkLimits', action, undefined, () => {
      this.assertNotTooLow(this.existing(id, action), limits, action);
    });
  }

  async setFeatures(id: ContainerId, features: Feature[], options: MutationOptions): Promise<void> {
    check.assertFeatures(this.name, features, this.lacking());
    return this.mutateExisting('setFeatures', id, options, (container) =>
      withSpec(container, { features: [...new Set(features)] }),
    );
  }

  async setDevices(id: ContainerId, devices: Device[], options: MutationOptions): Promise<void> {
    check.assertDevices(this.name, devices, this.lacking());
    return this.mutateExisting('setDevices', id, options, (container) => withSpec(container, { devices }));
  }

  usage(): Promise<ContainerUsage[]> {
    return this.call('usage', 'count what is used', undefined, () =>
      this.machine.containers().map((container) => sample(container, Date.now())),
    );
  }

  async beancounters(id: ContainerId): Promise<ContainerUsage> {
    check.assertContainerId(this.name, id);
    const action = `count what ${id} uses`;
    return this.call('beancounters', action, undefined, () => sample(this.existing(id, action), Date.now()));
  }

  async setAddresses(
    id: ContainerId,
    addresses: ContainerAddress[],
    options: MutationOptions,
  ): Promise<void> {
    check.assertAddresses(this.name, addresses);
    return this.mutateExisting('setAddresses', id, options, (container) => {
      const next = withSpec(container, { addresses });
      if (isUp(container)) this.moveAddresses(container.spec.addresses, next);
      return next;
    });
  }

  async setHostname(id: ContainerId, hostname: string, options: MutationOptions): Promise<void> {
    check.assertHostname(this.name, hostname);
    return this.mutateExisting('setHostname', id, options, (container) => withSpec(container, { hostname }));
  }

  async setDns(id: ContainerId, dns: DnsSettings, options: MutationOptions): Promise<void> {
    check.assertDns(this.name, dns);
    return this.mutateExisting('setDns', id, options, (container) => withSpec(container, { dns }));
  }

  async setRootPassword(id: ContainerId, password: string, options: MutationOptions): Promise<void> {
    check.assertPassword(this.name, password);
    return this.mutateExisting('setRootPassword', id, options, (container) => ({
      ...container,
      passwordHash: hashPassword(password),
    }));
  }

  async setSshKeys(id: ContainerId, keys: string[], options: MutationOptions): Promise<void> {
    check.assertSshKeys(this.name, keys);
    return this.mutateExisting('setSshKeys', id, options, (container) =>
      withSpec(container, { sshKeys: keys }),
    );
  }

  async exec(id: ContainerId, command: readonly string[], options: ExecOptions): Promise<ExecResult> {
    check.assertContainerId(this.name, id);
    if (!command.length) check.rejectInput(this.name, 'a command needs at least its name');
    const action = `exec in ${id}`;
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    return this.call('exec', action, options.signal, async () => {
      const container = this.existing(id, action);
      if (container.state !== 'running')
        throw this.error('not_running', action, `${id} is ${container.state}`);
      const guest = { hostname: container.spec.hostname, stdin: String(options.stdin ?? ''), signal };
      const answer = await runGuestCommand(command, guest).catch(() => {
        const code = timeout.aborted ? 'timeout' : 'aborted';
        throw this.error(code, action, `it was ended after ${options.timeoutMs} ms at most`);
      });
      options.onStdout?.(Buffer.from(answer.stdout));
      options.onStderr?.(Buffer.from(answer.stderr));
      const keep = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
      const truncated = answer.stdout.length > keep || answer.stderr.length > keep;
      return {
        exitCode: answer.exitCode,
        stdout: answer.stdout.slice(0, keep),
        stderr: answer.stderr.slice(0, keep),
        truncated,
      };
    });
  }

  async openTerminal(id: ContainerId, options: TerminalOptions): Promise<Terminal> {
    check.assertContainerId(this.name, id);
    check.assertTerminalSize(this.name, options);
    const action = `open a terminal in ${id}`;
    const terminal = await this.call('openTerminal', action, options.signal, () => {
      const container = this.existing(id, action);
      if (container.state !== 'running')
        throw this.error('not_running', action, `${id} is ${container.state}`);
      return new SimulatedTerminal(
        container.spec.hostname,
        options,
        watch(this.machine, id, container.startedAt),
      );
    });
    closeOnAbort(terminal, options.signal);
    return terminal;
  }

  private halt(method: 'stop' | 'kill', id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutateExisting(method, id, options, (container) => {
      if (isUp(container)) this.releaseAddresses(container);
      return halted(container);
    });
  }

  private assertNotTooLow(container: SimulatedContainer, limits: Limits, action: string): void {
    const found = findTooLow(container, limits);
    if (!found) return;
    const { limit, used, requested } = found;
    const why = `${limit} ${requested} is below the ${used} in use`;
    const details = { host: this.name, action, limit, used, requested };
    throw new RuntimeError('limit_too_low', `${this.name}: cannot ${action}: ${why}`, details);
  }

  private lacking(): ReadonlySet<string> {
    return new Set(this.machine.record().faults.withoutCapabilities);
  }

  private supportedLimits(): ReadonlySet<LimitName> {
    const lacking = this.lacking();
    return new Set(limitNames.filter((name) => !lacking.has(`limit:${name}`)));
  }
}

/** What has become of a run of a container since its terminal was opened. */
function watch(machine: SimulatedHost, id: ContainerId, startedAt: number | null | undefined): Interruption {
  const { generation } = machine.record();
  return () => {
    if (machine.record().generation !== generation) return { reason: 'lost', message: 'its host is gone' };
    const now = machine.store.readContainer(machine.key, id);
    if (now?.state === 'checkpointed' || now?.departure?.was) return { reason: 'written_down' };
    if (!now || !isUp(now) || now.startedAt !== startedAt) return { reason: 'stopped' };
    return now.state === 'frozen' ? 'frozen' : null;
  };
}

function withSpec(
  container: SimulatedContainer,
  change: Partial<SimulatedContainer['spec']>,
): SimulatedContainer {
  return { ...container, spec: { ...container.spec, ...structuredClone(change) } };
}

function hashPassword(password: string): string {
  const salt = randomBytes(8).toString('hex');
  return `${salt}$${createHash('sha256').update(salt).update(password).digest('hex')}`;
}
