import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT_ROOT, stackPaths } from '../paths';
import { StackFile, type StackFileContent } from '../stack-file';
import { RunRecord } from '../supervision/run-record';

interface CommandResult {
  code: number;
  output: string;
}

/** A stack of its own beside all others, driven as a person drives it: by the commands. Needs the build. */
export class StackUnderTest {
  constructor(readonly stateDir: string) {}

  /** Runs `npm start`'s or `npm stop`'s program to its end. */
  command(...args: string[]): Promise<CommandResult> {
    const child = spawn(process.execPath, [join(PROJECT_ROOT, 'stack/dist/main.js'), ...args], {
      cwd: PROJECT_ROOT,
      env: { ...process.env, BERTH_STATE_DIR: this.stateDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, output }));
    });
  }

  content(): StackFileContent {
    const content = StackFile.read(this.paths.stackFile);
    if (!content) throw new Error(`${this.paths.stackFile} is not there`);
    return content;
  }

  supervisorPid(): number {
    const supervisor = RunRecord.supervisor(this.paths.recordFile);
    if (!supervisor) throw new Error(`${this.paths.recordFile} is not there`);
    return supervisor.pid;
  }

  stackFileMode(): number {
    return statSync(this.paths.stackFile).mode & 0o777;
  }

  /** What names the lab's bridge, interfaces and control groups; null while there is no lab. */
  labId(): string | null {
    const file = join(this.paths.lab, 'lab.json');
    if (!existsSync(file)) return null;
    return (JSON.parse(readFileSync(file, 'utf8')) as { id: string }).id;
  }

  /** Processes, mounts, loop devices, interfaces, namespaces and control groups that belong to this stack. */
  traces(labId: string | null): string[] {
    const lines = (command: string, ...args: string[]) =>
      execFileSync(command, args, { encoding: 'utf8' }).split('\n');
    const names = (line: string) =>
      line.includes(`${this.stateDir}/`) || (labId !== null && line.includes(labId));
    return [
      ...this.processes(labId).map((line) => `process ${line}`),
      ...readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(names),
      ...lines('losetup', '-a').filter(names),
      ...lines('ip', '-o', 'link').filter(names),
      ...lines('ip', 'route', 'show', 'table', 'all').filter(names),
      ...(labId
        ? lines('find', '/sys/fs/cgroup', '-maxdepth', '4', '-type', 'd', '-name', `*${labId}*`)
        : []),
    ].filter((line) => line !== '');
  }

  private processes(labId: string | null): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => {
        const place = linkOr(`/proc/${pid}/cwd`);
        const group = labId !== null && textOr(`/proc/${pid}/cgroup`).includes(labId);
        const ours = textOr(`/proc/${pid}/environ`).includes(`BERTH_STATE_DIR=${this.stateDir}\0`);
        return group || ours || place.startsWith(`${this.stateDir}/`);
      })
      .map((pid) => `${pid} ${textOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
  }

  private get paths() {
    return stackPaths({ BERTH_STATE_DIR: this.stateDir });
  }
}

function textOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function linkOr(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
