import { eventually } from '@berth/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import { join } from 'node:path';

import { mustRun } from './command';
import { type ComposeRun, daemonLog, dockerSocket, proxySocket } from './compose-run';

const BRIDGE_ADDRESS = '172.31.250.1';
const PROXY_PORT = 3128;

/** Where containers of a build find the proxy to the npm registry. */
export const BUILD_PROXY = `http://${BRIDGE_ADDRESS}:${PROXY_PORT}`;

const STOP_TIMEOUT_MS = 30_000;

/** For every docker and docker-compose command: our daemon, Debian's programs first, and no settings of this machine's user. */
export function dockerEnvironment(run: ComposeRun): NodeJS.ProcessEnv {
  return {
    PATH: `/usr/sbin:/usr/bin:${process.env.PATH ?? '/sbin:/bin'}`,
    HOME: run.scratch,
    DOCKER_CONFIG: join(run.scratch, 'docker'),
    DOCKER_HOST: `unix://${dockerSocket(run)}`,
    DOCKER_BUILDKIT: '1',
  };
}

/** A Docker daemon with its data, socket and cgroups in places of ours. */
export class DockerDaemon {
  private child: ChildProcess | null = null;
  private relay: Server | null = null;

  constructor(private readonly run: ComposeRun) {}

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const { dataDir, scratch, cgroup } = this.run;
    mkdirSync(dataDir, { recursive: true });
    const log = openSync(daemonLog(this.run), 'a');
    const child = spawn(
      'dockerd',
      [
        ...['--data-root', join(dataDir, 'data'), '--exec-root', join(scratch, 'exec')],
        ...['--host', `unix://${dockerSocket(this.run)}`, '--pidfile', join(scratch, 'dockerd.pid')],
        ...['--log-level', 'warn', '--storage-driver', 'overlay2', '--bip', `${BRIDGE_ADDRESS}/24`],
        ...['--cgroup-parent', `/${cgroup}`, '--exec-opt', 'native.cgroupdriver=cgroupfs'],
      ],
      { env: dockerEnvironment(this.run), stdio: ['ignore', log, log] },
    );
    child.on('error', () => undefined);
    this.child = child;
    const answers = async () => {
      if (child.pid === undefined || child.exitCode !== null) return 'ended' as const;
      await mustRun(['docker', 'version'], { env: dockerEnvironment(this.run), timeoutMs: 10_000 });
      return 'ready' as const;
    };
    const state = await eventually('dockerd answering', answers, { timeoutMs: 60_000, intervalMs: 200 });
    if (state === 'ended') throw new Error(`dockerd ended at once:\n${this.logTail()}`);
    this.relay = await this.relayProxy();
  }

  /** Only ends what `start` started. Idempotent. */
  async stop(): Promise<void> {
    this.relay?.close();
    const child = this.child;
    if (!child || child.pid === undefined || child.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  }

  logTail(): string {
    return readFileSync(daemonLog(this.run), 'utf8').split('\n').slice(-15).join('\n');
  }

  /** A Unix socket is reached across network namespaces, a container can only dial an address: this joins the two. */
  private async relayProxy(): Promise<Server> {
    const relay = createServer((client) => {
      const proxy = connect(proxySocket(this.run));
      for (const [from, to] of [
        [client, proxy],
        [proxy, client],
      ] as const) {
        from.pipe(to);
        from.on('error', () => to.destroy());
      }
    });
    await new Promise<void>((resolve, reject) => {
      relay.once('error', reject);
      relay.listen(PROXY_PORT, BRIDGE_ADDRESS, resolve);
    });
    return relay;
  }
}
