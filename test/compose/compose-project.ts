import { eventually } from '@berth/testing';
import { join } from 'node:path';

import { mustRun, run as tryRun } from './command';
import { type ComposeRun, PROJECT_ROOT } from './compose-run';
import { dockerEnvironment } from './docker-daemon';

const PROJECT = 'berth';
const HEALTHY_TIMEOUT_MS = 180_000;

export interface Container {
  Name: string;
  State: { Status: string; ExitCode: number; Health?: { Status: string } };
  RestartCount: number;
  Config: { Env: string[]; User: string };
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> };
}

/** docker-compose.yml of the tree with a settings file, by whichever compose this machine has. */
export class ComposeProject {
  private command: string[] = ['docker-compose'];
  readonly settingsFile: string;

  constructor(private readonly run: ComposeRun) {
    this.settingsFile = join(run.scratch, 'settings.env');
  }

  /** Version 2 is a plug-in of docker, 1.29 a program of its own. BERTH_COMPOSE_COMMAND names another one. */
  async detect(): Promise<void> {
    const given = process.env.BERTH_COMPOSE_COMMAND;
    const plugin = await tryRun(['docker', 'compose', 'version'], { env: dockerEnvironment(this.run) });
    this.command = given ? [given] : plugin.code === 0 ? ['docker', 'compose'] : ['docker-compose'];
    const version = await mustRun([...this.command, 'version'], { env: dockerEnvironment(this.run) });
    console.log(`  ${version.split('\n')[0]}`);
  }

  /** A compose command with the settings file. @returns stdout */
  compose(...args: string[]): Promise<string> {
    return mustRun(this.argv(this.settingsFile, args), this.options());
  }

  /** The same, where failing is a result; with other settings if wanted. */
  tryCompose(args: string[], settingsFile = this.settingsFile) {
    return tryRun(this.argv(settingsFile, args), this.options());
  }

  docker(...args: string[]): Promise<string> {
    return mustRun(['docker', ...args], this.options());
  }

  /** The services' containers by name of the service. */
  async container(service: string): Promise<Container> {
    const labels = [`com.docker.compose.project=${PROJECT}`, `com.docker.compose.service=${service}`];
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
    const ids = (await this.docker('ps', '-aq', ...filters)).trim().split('\n').filter(Boolean);
    const found = JSON.parse(ids.length > 0 ? await this.docker('inspect', ...ids) : '[]') as Container[];
    if (found.length !== 1 || !found[0]) throw new Error(`${found.length} containers of ${service}`);
    return found[0];
  }

  async healthy(...services: string[]): Promise<void> {
    for (const service of services) {
      const health = async () => (await this.container(service)).State.Health?.Status === 'healthy';
      const limits = { timeoutMs: HEALTHY_TIMEOUT_MS, intervalMs: 500 };
      await eventually(`${service} being healthy`, health, limits);
    }
  }

  async logs(): Promise<string> {
    const { stdout, stderr } = await this.tryCompose(['logs', '--no-color', '--tail', '40']);
    return `${stdout}${stderr}`;
  }

  /** For the end, whatever happened before. */
  async removeAll(): Promise<void> {
    await this.tryCompose(['down', '--volumes', '--remove-orphans', '--timeout', '5']);
  }

  private argv(settingsFile: string, args: string[]): string[] {
    return [...this.command, '--env-file', settingsFile, '--project-name', PROJECT, ...args];
  }

  private options() {
    return { env: dockerEnvironment(this.run), cwd: PROJECT_ROOT, timeoutMs: 300_000 };
  }
}
