import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HostBackend } from '../host-backend';
import { hostDir, hostLog } from '../host-files';
import type { HostRecord, LabHostState, LabRecord } from '../lab-state';
import { isPortUp, plugTap, portName, removeLink } from '../network';
import { run, type RunResult } from '../run';
import { greets } from '../wait-for-ssh';
import { waitUntil } from '../wait-until';
import { qemuArguments, QMP_SOCKET } from './qemu-arguments';
import { qemuCommand, qemuPrograms } from './qemu-programs';
import { findQemu, killQemu, launchQemu, qemusOf } from './qemu-process';
import { qmp } from './qmp';
import { knownHosts, makeDisks } from './vm-disks';
import { vmImage, vmImageKey } from './vm-image';

/** An emulated boot takes a quarter of a minute on an idle machine; this one may be busy. */
const BOOT_TIMEOUT_MS = 240_000;
const PAUSED = 'paused';

/** Hosts as virtual machines with a kernel of their own, run by QEMU's emulation: slow, but they run anywhere. */
export const vmBackend: HostBackend = {
  async image(progress) {
    await qemuPrograms(progress);
    await vmImage(progress);
    return vmImageKey();
  },

  async prepare(lab, host) {
    await qemuPrograms(() => undefined);
    await makeDisks(lab, host);
  },

  async boot(lab, host, persist) {
    persist();
    if (findQemu(lab.id, host.name)) return;
    await this.kill(lab, host);
    const log = hostLog(lab, host);
    mkdirSync(path.dirname(log), { recursive: true });
    writeFileSync(log, '', { mode: 0o600 });
    await plugTap(lab, host.index);
    const dir = hostDir(lab, host);
    await launchQemu(qemuCommand('qemu-system-x86_64', qemuArguments(lab, host, log)), dir, `${log}.qemu`);
    await booted(lab, host, log);
  },

  async kill(lab, host) {
    const qemu = findQemu(lab.id, host.name);
    if (qemu) await killQemu(qemu);
    await removeLink(portName(lab.id, host.index));
    for (const file of [PAUSED, QMP_SOCKET]) rmSync(path.join(hostDir(lab, host), file), { force: true });
  },

  async exec(lab, host, argv, options): Promise<RunResult> {
    const target = `root@${host.address}`;
    const seconds =
      options.timeoutMs === undefined ? [] : ['timeout', '-s', 'KILL', `${options.timeoutMs / 1000}`];
    const line = [...seconds, ...argv].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    // ssh ends with 255 where it can't connect; a program that does so itself is told apart by what ssh said.
    const result = await run(['ssh', ...sshOptions(lab, host), target, line], options);
    if (result.code === 255 && /^ssh: |^Connection |^kex_exchange/m.test(result.stderr)) {
      throw new Error(`no way into ${host.name} by ssh (cut or paused?): ${result.stderr.trim()}`);
    }
    return options.timeoutMs !== undefined && result.code === 137 ? { ...result, code: 124 } : result;
  },

  async pause(lab, host) {
    await qmp(socketOf(lab, host), 'stop');
    writeFileSync(path.join(hostDir(lab, host), PAUSED), '');
  },

  async resume(lab, host) {
    await qmp(socketOf(lab, host), 'cont');
    rmSync(path.join(hostDir(lab, host), PAUSED), { force: true });
  },

  inspect(lab, host): { pid: number | null; state: LabHostState } {
    const pid = findQemu(lab.id, host.name)?.pid ?? null;
    if (pid === null) return { pid, state: 'stopped' };
    if (existsSync(path.join(hostDir(lab, host), PAUSED))) return { pid, state: 'paused' };
    return { pid, state: isPortUp(lab.id, host.index) ? 'running' : 'cut' };
  },

  processes: (labId) => qemusOf(labId).map(({ pid }) => pid),

  async sweep(labId) {
    await Promise.all(qemusOf(labId).map(killQemu));
  },
};

/** A socket's path may have 107 bytes, a lab's directory more: this one is always short. */
function socketOf(lab: LabRecord, host: HostRecord): string {
  const qemu = findQemu(lab.id, host.name);
  if (!qemu) throw new Error(`host ${host.name} is not running: \`lab start ${host.name}\``);
  return `/proc/${qemu.pid}/cwd/${QMP_SOCKET}`;
}

function sshOptions(lab: LabRecord, host: HostRecord): string[] {
  const options = {
    BatchMode: 'yes',
    ConnectTimeout: '20',
    LogLevel: 'ERROR',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: knownHosts(lab, host),
    GlobalKnownHostsFile: '/dev/null',
    IdentitiesOnly: 'yes',
  };
  const words = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['-F', 'none', ...words, '-i', lab.privateKeyPath];
}

/** Waits for sshd. Else an error with the end of what the machine and QEMU said. */
async function booted(lab: LabRecord, host: HostRecord, log: string): Promise<void> {
  const said = (): string => `${readOr(`${log}.qemu`)}${readOr(log)}`.trim();
  const fail = (why: string): never => {
    throw new Error(`host ${host.name} did not boot (${why}); its console (${log}):\n${said().slice(-1500)}`);
  };
  const look = async (): Promise<boolean> => {
    if (!findQemu(lab.id, host.name)) fail('QEMU ended');
    if (/Kernel panic|lab: boot failed/.test(said())) fail('the kernel gave up');
    return greets(host.address, 22);
  };
  await waitUntil(`ssh on ${host.name}`, BOOT_TIMEOUT_MS, look).catch((error: Error) =>
    error.message.includes('did not happen') ? fail(error.message) : Promise.reject(error),
  );
}

function readOr(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
