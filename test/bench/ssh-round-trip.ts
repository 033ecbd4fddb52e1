import { readFileSync } from 'node:fs';
import { readHostKeyFingerprint, SshConnection, type HostEndpoint } from '@berth/runtime';
import type { StackUnderTest } from '@berth/stack';
import { row, type Row } from './statistics';

const ROUNDS = 30;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - begin) / 1e6;
}

async function command(connection: SshConnection): Promise<void> {
  const { exitCode } = await connection.exec(['true'], { timeoutMs: 10_000 });
  if (exitCode !== 0) throw new Error(`true ended with ${exitCode}`);
}

/** A command over the pool against one that connects for itself, in turns. */
export async function sshRoundTrip(stack: StackUnderTest): Promise<Row[]> {
  const host = stack.content().hosts[0]!;
  const { address, port } = host;
  const endpoint: HostEndpoint = {
    id: host.id,
    name: host.name,
    driver: 'lxc',
    address,
    port,
    user: host.user,
    privateKey: readFileSync(host.privateKeyPath, 'utf8'),
    hostKeyFingerprint: await readHostKeyFingerprint({ address, port }),
  };
  const pool = new SshConnection(endpoint);
  const pooled: number[] = [];
  const unpooled: number[] = [];
  try {
    await command(pool);
    for (let n = 0; n < ROUNDS; n++) {
      pooled.push(await timed(() => command(pool)));
      const fresh = new SshConnection(endpoint);
      unpooled.push(await timed(() => command(fresh)));
      await fresh.close();
    }
  } finally {
    await pool.close();
  }
  return [row('SSH command, pooled against unpooled (ms)', pooled, unpooled, 0.1)];
}
