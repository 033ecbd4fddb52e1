import type { ContainerId, ContainerSpec, MutationOptions } from '../container-runtime';
import type { ScriptOptions } from '../host-connection';
import { RuntimeError } from '../runtime-error';
import type { CommandConnection } from '../shell/command-connection';
import * as check from '../validation';
import { EXIT_NOT_INSTALLED, EXIT_NOT_PREPARED, HostScripts } from './host-scripts';
import type { ModuleSet } from './host-scripts';
import { renderSpec } from './spec-file';

/** How the lxc driver calls the scripts on its host: one round trip, but for what a call finds missing there. */
export abstract class LxcCalls {
  constructor(
    protected readonly connection: CommandConnection,
    protected readonly scripts: HostScripts = new HostScripts(),
  ) {}

  abstract prepareHost(options?: { signal?: AbortSignal }): Promise<{ bootId: string }>;

  /** `parts` go to stdin, their sizes to the end of the arguments. */
  protected mutate(
    verb: string,
    id: ContainerId,
    options: MutationOptions,
    more: { args?: string[]; parts?: string[]; timeoutMs?: number } = {},
  ): Promise<string> {
    check.assertContainerId(this.connection.host, id);
    check.assertFence(this.connection.host, options.fence);
    const { args = [], parts = [], timeoutMs } = more;
    const sizes = parts.map((part) => Buffer.byteLength(part));
    return this.call('container', `berth_${verb}`, [id, options.fence, ...args, ...sizes], {
      action: `${verb.replace('_', ' ')} ${id}`,
      input: parts.join(''),
      timeoutMs,
      signal: options.signal,
      onLog: options.onLog,
    });
  }

  /** Installs the scripts and prepares the host where the call finds that it has to; else one round trip. */
  protected async call(
    modules: ModuleSet,
    name: string,
    args: readonly (string | number)[],
    options: ScriptOptions,
  ): Promise<string> {
    const { prelude, script } = this.scripts.call(modules, name, args);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.connection.script(script, { ...options, prelude });
      } catch (error) {
        const exitCode = error instanceof RuntimeError ? error.details.exitCode : null;
        if (attempt > 4) throw error; // Shells that wait may have looked before the scripts came.
        if (exitCode === EXIT_NOT_INSTALLED) await this.install(options.signal);
        else if (exitCode === EXIT_NOT_PREPARED) await this.prepareHost({ signal: options.signal });
        else throw error;
      }
    }
  }

  protected async install(signal?: AbortSignal): Promise<void> {
    const { script, input } = this.scripts.install();
    await this.connection.script(script, { action: "install Berth's scripts", input, signal });
  }
}

/** What goes to stdin of a call that makes a container. */
export function specParts(spec: ContainerSpec): string[] {
  return [renderSpec(spec), renderKeys(spec.sshKeys), spec.rootPassword ?? ''];
}

export function renderKeys(keys: readonly string[]): string {
  return keys.map((key) => `${key}\n`).join('');
}
