import { spawn } from 'node:child_process';
import { mkdtempSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { identityOf, isRunning } from '../supervision/process-identity';
import { waitUntil } from './wait-until';

describe('spawnService', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'berth-child-'));
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  // The parent is a process of its own, so that it can be killed without a chance to clean up.
  it('ends with a parent that was killed', async () => {
    const program = join(home, 'parent.cjs');
    writeFileSync(
      program,
      `const { spawnService } = require(${JSON.stringify(require.resolve('../../dist/services/child-process.js'))});
       const child = spawnService({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'],
                                    logFile: ${JSON.stringify(join(home, 'log'))}, deathSignal: 'KILL' });
       console.log(child.pid);
       setInterval(() => {}, 1000);`,
    );
    const parent = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    });
    const child = identityOf(pid);
    expect(isRunning(child)).toBe(true);
    // setpriv sets the death signal before it becomes the command.
    await waitUntil('the command running', () => (isNode(pid) ? true : null), { timeoutMs: 10_000 });
    parent.kill('SIGKILL');
    await waitUntil('the child ending', () => (isRunning(child) ? null : true), { timeoutMs: 10_000 });
  });
});

function isNode(pid: number): boolean {
  return readlinkSync(`/proc/${pid}/exe`) === realpathSync(process.execPath);
}
