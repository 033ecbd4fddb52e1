import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { waitUntil } from '../services/wait-until';
import { identityOf, isRunning } from './process-identity';
import { SupervisedProcess } from './supervised-process';

describe('SupervisedProcess', () => {
  let home: string;
  let pids: number[];
  let troubles: string[];

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'berth-supervised-'));
    pids = [];
    troubles = [];
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  function supervise(script: string): SupervisedProcess {
    return new SupervisedProcess({
      name: 'sample',
      command: process.execPath,
      args: ['-e', script],
      logFile: join(home, 'sample.log'),
      deathSignal: 'KILL',
      stopGraceMs: 5_000,
      onStarted: (pid) => pids.push(pid),
      onTrouble: (message) => troubles.push(message),
    });
  }

  const started = (count: number) =>
    waitUntil(`${count} starts`, () => (pids.length >= count ? (pids[count - 1] as number) : null), {
      timeoutMs: 10_000,
      intervalMs: 10,
    });

  it('starts a killed process again within a second, as often as it takes, and tells the new pid', async () => {
    const supervised = supervise('setInterval(() => {}, 1000)');
    supervised.start();
    try {
      for (let kill = 1; kill <= 8; kill++) {
        const pid = await started(kill);
        const killed = Date.now();
        process.kill(pid, 'SIGKILL');
        const next = await started(kill + 1);
        expect(Date.now() - killed).toBeLessThan(1_000);
        expect(supervised.pid).toBe(next);
      }
      expect(troubles).toHaveLength(8);
      expect(supervised.isCrashLooping).toBe(false);
    } finally {
      await supervised.stop();
    }
  });

  it('slows down in a crash loop, says where the log is, and can still be stopped at once', async () => {
    const supervised = supervise('console.error("no good"); process.exit(3)');
    supervised.start();
    try {
      await waitUntil('the crash loop', () => (supervised.isCrashLooping ? true : null), {
        timeoutMs: 20_000,
      });
      expect(troubles.at(-1)).toContain(join(home, 'sample.log'));
      expect(troubles.at(-1)).toContain('exit code 3');
      expect(readFileSync(join(home, 'sample.log'), 'utf8')).toBe('no good\n'.repeat(pids.length));
    } finally {
      const asked = Date.now();
      await supervised.stop();
      expect(Date.now() - asked).toBeLessThan(5_000);
    }
  });

  it('lets the process end in order, and does not start it again', async () => {
    const supervised = supervise(
      'process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); console.log("up"); setInterval(() => {}, 1000)',
    );
    supervised.start();
    const pid = await started(1);
    const log = () => readFileSync(join(home, 'sample.log'), 'utf8');
    await waitUntil('the process being up', () => (log().includes('up') ? true : null), {
      timeoutMs: 10_000,
    });
    const identity = identityOf(pid);
    expect(isRunning(identity)).toBe(true);
    await supervised.stop();
    expect(log()).toBe('up\nbye\n');
    expect(isRunning(identity)).toBe(false);
    expect(pids).toHaveLength(1);
  });
});

describe('a process identity', () => {
  it('is not that of a later process with the same pid', () => {
    const own = identityOf(process.pid);
    expect(isRunning(own)).toBe(true);
    expect(isRunning({ ...own, startTicks: '1' })).toBe(false);
  });
});
