import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectCode } from '../conformance/conformance-suite';
import { describeConnection } from '../shell/connection-suite';
import { labEndpoint, newPrivateKey } from '../testing/lab-hosts';
import { readHostKeyFingerprint } from './host-key';
import { SshConnection } from './ssh-connection';

jest.setTimeout(120_000);

describeConnection('ssh', () => new SshConnection(labEndpoint()));

describe('ssh connection', () => {
  const open: SshConnection[] = [];
  const connect = (...args: ConstructorParameters<typeof SshConnection>) => {
    open.push(new SshConnection(...args));
    return open.at(-1)!;
  };
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  const yes = (connection: SshConnection) => connection.exec(['true'], { timeoutMs: 10_000 });

  it('learns the host key that it is to pin', async () => {
    const endpoint = labEndpoint();
    expect(await readHostKeyFingerprint(endpoint)).toBe(endpoint.hostKeyFingerprint);
  });

  it('refuses another host key', async () => {
    const hostKeyFingerprint = `SHA256:${'A'.repeat(43)}`;
    const error = await expectCode(
      yes(connect({ ...labEndpoint(), hostKeyFingerprint })),
      'host_key_mismatch',
    );
    expect(error.message).toContain(labEndpoint().hostKeyFingerprint);
  });

  it('says auth_failed for a wrong key and for none', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'berth-key-'));
    try {
      const privateKey = newPrivateKey(join(dir, 'key'));
      await expectCode(yes(connect({ ...labEndpoint(), privateKey })), 'auth_failed');
      await expectCode(yes(connect({ ...labEndpoint(), privateKey: 'not a key' })), 'auth_failed');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('says unreachable where nobody listens, or nobody answers', async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const mute = { ...labEndpoint(), address: '127.0.0.1', port };
    await expectCode(yes(connect(mute, { connectTimeoutMs: 300 })), 'unreachable');
    await expectCode(readHostKeyFingerprint({ ...mute, timeoutMs: 300 }), 'unreachable');
    await new Promise((resolve) => silent.close(resolve));
    await expectCode(yes(connect(mute)), 'unreachable');
    await expectCode(readHostKeyFingerprint(mute), 'unreachable');
  });

  it('takes a lost connection as failure, never as success, and connects anew', async () => {
    const connection = connect(labEndpoint());
    // The parent of the command is the connection's own sshd.
    const attempt = connection.script('kill -KILL $PPID; sleep 30', { action: 'cut off' });
    const error = await expectCode(attempt, 'unreachable');
    expect(error.retryable).toBe(true);
    expect((await yes(connection)).exitCode).toBe(0);
  });

  it('grows with demand to its limit, and shrinks when idle', async () => {
    const connection = connect(labEndpoint(), { maxConnections: 2, idleMs: 50 });
    await yes(connection);
    expect(connection.size).toBe(1);
    const sleepers = Array.from({ length: 20 }, () =>
      connection.exec(['sleep', '0.3'], { timeoutMs: 20_000 }),
    );
    await sleepers[12]; // Not before the first twelve have left, with both connections full.
    expect(connection.size).toBe(2);
    await Promise.all(sleepers);
    const deadline = Date.now() + 5000;
    while (connection.size > 0 && Date.now() < deadline)
      await new Promise((resolve) => setImmediate(resolve));
    expect(connection.size).toBe(0);
    expect((await yes(connection)).exitCode).toBe(0);
  });

  it('ends what runs when it is closed', async () => {
    const connection = connect(labEndpoint());
    await yes(connection);
    const attempt = expectCode(connection.exec(['sleep', '60'], { timeoutMs: 60_000 }), 'unreachable');
    await connection.close();
    await attempt;
    await expectCode(yes(connection), 'unreachable');
  });

  it('costs at most a tenth of an unpooled command', async () => {
    const pooled = connect(labEndpoint());
    await yes(pooled);
    const time = async (work: () => Promise<unknown>) => {
      const before = performance.now();
      await work();
      return performance.now() - before;
    };
    const unpooled = async () => {
      const one = new SshConnection(labEndpoint());
      await yes(one);
      await one.close();
    };
    // The best of each: other tests share the processors, and slow a short command down more than a long one.
    const warm: number[] = [];
    const cold: number[] = [];
    for (let turn = 0; turn < 15; turn++) {
      warm.push(await time(() => yes(pooled)));
      cold.push(await time(unpooled));
    }
    const [short, long] = [Math.min(...warm), Math.min(...cold)];
    console.info(`ssh: pooled ${short.toFixed(1)} ms, unpooled ${long.toFixed(1)} ms`);
    expect(short * 10).toBeLessThanOrEqual(long);
  });
});
