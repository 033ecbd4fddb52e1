import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Device, Feature, Limits } from '@berth/contracts';
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
import type { RuntimeErrorCode } from '../runtime-error';
import * as check from '../validation';
import { execLine } from './exec-line';
import { parseHostFacts, parseSnapshot } from './host-report';
import { renderKeys, specParts } from './lxc-calls';
import { LxcTerminals } from './lxc-terminals';
import {
  limitEntries,
  parseDetail,
  renderAddresses,
  renderDevices,
  renderDns,
  renderFeatures,
} from './spec-file';
import { importTemplate } from './template-import';
import { parseUsage } from './usage-report';

/** Beyond what the guest is given to shut down. */
const STOP_MARGIN_MS = 90_000;

/**
 * LXC 6 on a btrfs pool: see README.md for the layout on the host. Each method is one script over one channel; the
 * scripts hold the logic, so that a lock is held from the look to the act.
 */
export class LxcRuntime extends LxcTerminals implements ContainerRuntime {
  readonly driver = 'lxc';
  private readonly imports = new Map<string, Promise<'present' | 'imported'>>();
  private preparing: Promise<{ bootId: string }> | null = null;

  async inspectHost(): Promise<HostFacts> {
    const script = this.scripts.inlineCall('inspect', 'berth_inspect_host');
    return parseHostFacts(await this.connection.script(script, { action: 'inspect the host' }));
  }

  /** Calls that nobody may abort share one. */
  prepareHost(options: { signal?: AbortSignal } = {}): Promise<{ bootId: string }> {
    const prepare = async () => {
      const { signal } = options;
      const output = await this.call('host', 'berth_prepare_host', [], {
        action: 'prepare the host',
        signal,
      });
      return { bootId: output.trim() };
    };
    if (options.signal) return prepare();
    this.preparing ??= prepare().finally(() => (this.preparing = null));
    return this.preparing;
  }

  async snapshotHost(): Promise<HostSnapshot> {
    return parseSnapshot(
      await this.call('host', 'berth_snapshot_host', [], { action: 'list the containers' }),
    );
  }

  async ensureTemplate(
    image: TemplateImage,
    open: () => Promise<Readable>,
    options: { signal?: AbortSignal; onProgress?: (bytes: number) => void } = {},
  ): Promise<'present' | 'imported'> {
    check.assertSha256(this.connection.host, image.sha256);
    const running = this.imports.get(image.sha256);
    // If the other is aborted, its reason isn't ours.
    if (running)
      return running.then(
        () => 'present',
        () => this.ensureTemplate(image, open, options),
      );
    const action = `import the template ${image.sha256.slice(0, 12)}`;
    const { signal } = options;
    const importing = (async () => {
      const known = await this.call('template', 'berth_has_template', [image.sha256], { action, signal });
      if (known.trim() === 'present') return 'present';
      // A stream can be sent once only: all that could make the call start again is settled before.
      if (!(await this.snapshotHost()).bootId) await this.prepareHost({ signal });
      const { script } = this.scripts.call('template', 'berth_import_template', [
        image.sha256,
        image.compression,
      ]);
      return importTemplate(this.connection, script, await open(), { action, ...options });
    })().finally(() => this.imports.delete(image.sha256));
    this.imports.set(image.sha256, importing);
    return importing;
  }

  async removeTemplate(sha256: string): Promise<void> {
    check.assertSha256(this.connection.host, sha256);
    const action = `remove the template ${sha256.slice(0, 12)}`;
    await this.call('template', 'berth_remove_template', [sha256], { action });
  }

  async create(spec: ContainerSpec, options: MutationOptions & { start?: boolean }): Promise<void> {
    check.assertSpec(this.connection.host, spec);
    const verb = options.start ? 'create_started' : 'create';
    await this.mutate(verb, spec.id, options, { parts: specParts(spec) });
  }

  async start(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('start', id, options);
  }

  async stop(
    id: ContainerId,
    options: MutationOptions & { timeoutMs: number },
  ): Promise<'stopped' | 'killed'> {
    const seconds = (Math.max(10, options.timeoutMs) / 1000).toFixed(3);
    const timeoutMs = options.timeoutMs + STOP_MARGIN_MS;
    const output = await this.mutate('stop', id, options, { args: [seconds], timeoutMs });
    return output.trim() === 'killed' ? 'killed' : 'stopped';
  }

  async kill(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('kill', id, options);
  }

  async destroy(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('destroy', id, options);
  }

  async cutNetwork(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('cut_network', id, options);
  }

  async mendNetwork(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('mend_network', id, options);
  }

  async inspect(id: ContainerId): Promise<ContainerDetail | null> {
    check.assertContainerId(this.connection.host, id);
    return parseDetail(id, await this.call('container', 'berth_inspect', [id], { action: `inspect ${id}` }));
  }

  async applyLimits(id: ContainerId, limits: Limits, options: MutationOptions): Promise<void> {
    check.assertLimits(this.connection.host, limits);
    await this.mutate('set_limits', id, options, { args: limitArguments(limits) });
  }

  async checkLimits(id: ContainerId, limits: Limits): Promise<void> {
    check.assertContainerId(this.connection.host, id);
    check.assertLimits(this.connection.host, limits);
    const action = `check the limits of ${id}`;
    await this.call('container', 'berth_check_limits', [id, ...limitArguments(limits)], { action });
  }

  async setFeatures(id: ContainerId, features: Feature[], options: MutationOptions): Promise<void> {
    check.assertFeatures(this.connection.host, features);
    await this.mutate('set_features', id, options, { parts: [renderFeatures(features)] });
  }

  async setDevices(id: ContainerId, devices: Device[], options: MutationOptions): Promise<void> {
    check.assertDevices(this.connection.host, devices);
    await this.mutate('set_devices', id, options, { parts: [renderDevices(devices)] });
  }

  async usage(): Promise<ContainerUsage[]> {
    return parseUsage(await this.call('usage', 'berth_usage', [], { action: 'count what is used' }));
  }

  async beancounters(id: ContainerId): Promise<ContainerUsage> {
    check.assertContainerId(this.connection.host, id);
    const action = `count what ${id} uses`;
    return parseUsage(await this.call('usage', 'berth_usage_of', [id], { action }))[0]!;
  }

  async setAddresses(
    id: ContainerId,
    addresses: ContainerAddress[],
    options: MutationOptions,
  ): Promise<void> {
    check.assertAddresses(this.connection.host, addresses);
    await this.mutate('set_addresses', id, options, { parts: [renderAddresses(addresses)] });
  }

  async setHostname(id: ContainerId, hostname: string, options: MutationOptions): Promise<void> {
    check.assertHostname(this.connection.host, hostname);
    await this.mutate('set_hostname', id, options, { args: [hostname] });
  }

  async setDns(id: ContainerId, dns: DnsSettings, options: MutationOptions): Promise<void> {
    check.assertDns(this.connection.host, dns);
    await this.mutate('set_dns', id, options, { parts: [renderDns(dns)] });
  }

  async setRootPassword(id: ContainerId, password: string, options: MutationOptions): Promise<void> {
    check.assertPassword(this.connection.host, password);
    await this.mutate('set_password', id, options, { parts: [password] });
  }

  async setSshKeys(id: ContainerId, keys: string[], options: MutationOptions): Promise<void> {
    check.assertSshKeys(this.connection.host, keys);
    await this.mutate('set_keys', id, options, { parts: [renderKeys(keys)] });
  }

  async exec(id: ContainerId, command: readonly string[], options: ExecOptions): Promise<ExecResult> {
    check.assertContainerId(this.connection.host, id);
    if (!command.length || command.some((word) => word.includes('\0'))) {
      check.rejectInput(this.connection.host, 'a command needs a name, and no NUL bytes');
    }
    const mark = `berth-refused-${randomUUID()}`;
    const action = `exec in ${id}`;
    const line = execLine(id, command, options.timeoutMs, mark);
    const result = await this.connection.execLine(line, action, options);
    if (result.exitCode === 70 && result.stderr.startsWith(mark)) {
      const [, code, ...words] = result.stderr.trim().split(' ');
      const message = `${this.connection.host}: cannot ${action}: ${words.join(' ')}`;
      throw new RuntimeError(code as RuntimeErrorCode, message, { host: this.connection.host, action });
    }
    return result;
  }
}

function limitArguments(limits: Limits): string[] {
  return limitEntries(limits).map(([name, value]) => `${name}=${value ?? ''}`);
}
