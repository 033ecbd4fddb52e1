import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackUnderTest } from '@berth/stack';
import { BerthClient } from '../e2e/berth-client';
import { burst } from './burst';
import { frozenTime } from './frozen-time';
import { orderLatency } from './order-latency';
import { resizeLatency } from './resize-latency';
import { sshRoundTrip } from './ssh-round-trip';
import { table, type Row } from './statistics';

const RESULTS = join(__dirname, '..', '..', '..', 'bench', 'results');

/** `npm run bench`: a stack of its own, two lab hosts; medians, each against its floor measured in turns. */
async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'berth-bench-'));
  const stack = new StackUnderTest(join(dir, 'stack'));
  try {
    const { code, output } = await stack.command('start', '--detach', '--no-demo', '--hosts', '2');
    if (code !== 0) throw new Error(output);
    const rows: Row[] = [];
    // All but migrations are measured against what is done by hand on the first host.
    const { apiUrl, tokens, hosts } = stack.content();
    const operator = new BerthClient(apiUrl, tokens.operator);
    await operator.ask('POST', `/v1/hosts/${hosts[1]!.id}/actions/cordon`, {});
    for (const bench of [sshRoundTrip, orderLatency, resizeLatency, burst])
      rows.push(...(await bench(stack)));
    await operator.ask('POST', `/v1/hosts/${hosts[1]!.id}/actions/uncordon`, {});
    rows.push(...(await frozenTime(stack)));
    console.log(table(rows));
    save(rows);
    process.exitCode = rows.every(({ ratio, atMost }) => atMost === null || ratio <= atMost) ? 0 : 1;
  } finally {
    await stack.command('stop');
    rmSync(dir, { recursive: true, force: true });
  }
}

function save(rows: readonly Row[]): void {
  mkdirSync(RESULTS, { recursive: true });
  const at = new Date().toISOString();
  const file = join(RESULTS, `${at.replaceAll(':', '-')}.json`);
  writeFileSync(file, JSON.stringify({ at, node: process.version, cpus: cpus().length, rows }, null, 2));
  console.log(`\nkept in bench/results; exit code 1 where a promise isn't met`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
