import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackUnderTest } from '@berth/stack';
import { eventually } from '@berth/testing';
import { BerthClient } from './berth-client';

jest.setTimeout(180_000);

interface Beancounter {
  resource: string;
  held: number;
  maxheld: number;
  barrier: number | null;
  limit: number | null;
  failcnt: number;
}
interface Beancounters {
  beancounters: Beancounter[];
  at: string;
  live: boolean;
}
type Points = [number, number | null][];

const UNLIMITED = '9223372036854775807';

/** What a server uses, as its customer sees it from outside and from inside, on a lab host. */
describe("a server's usage", () => {
  const dir = mkdtempSync(join(process.env.BERTH_TEST_RUN_DIR ?? tmpdir(), 'usage-'));
  const stack = new StackUnderTest(join(dir, 'stack'));
  const before = process.env.BERTH_USAGE_INTERVAL_MS;
  let customer: BerthClient;
  let id: string;

  beforeAll(async () => {
    process.env.BERTH_USAGE_INTERVAL_MS = '1000';
    const { code, output } = await stack.command('start', '--detach', '--no-demo', '--hosts', '1');
    if (code !== 0) throw new Error(output);
    const { apiUrl, tokens } = stack.content();
    customer = new BerthClient(apiUrl, tokens.customer);
    id = (await customer.running({ name: 'busy' })).server.id;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.BERTH_USAGE_INTERVAL_MS;
    else process.env.BERTH_USAGE_INTERVAL_MS = before;
    await stack.command('stop');
    rmSync(dir, { recursive: true, force: true });
  });

  const usage = () => customer.ask<Beancounters>('GET', `/v1/servers/${id}/beancounters`);
  const counter = async (resource: string): Promise<Beancounter> => {
    const { beancounters, live } = await usage();
    expect(live).toBe(true);
    return beancounters.find((one) => one.resource === resource)!;
  };
  const metric = async (name: string): Promise<number[]> => {
    const from = Math.floor(Date.now() / 1000) - 300;
    const { metrics } = await customer.ask<{ metrics: { series: Record<string, Points> } }>(
      'GET',
      `/v1/servers/${id}/metrics?from=${from}&step=10`,
    );
    return metrics.series[name]!.map(([, value]) => value).filter((value) => value !== null);
  };
  const inside = (line: string) => customer.exec(id, ['sh', '-c', line]);

  it('shows a busy loop: in the processor time now, and in the percentage over time', async () => {
    const first = await counter('cputime');
    await inside('end=$(($(date +%s) + 12)); while [ $(date +%s) -lt $end ]; do :; done');
    const second = await counter('cputime');
    expect(second.held - first.held).toBeGreaterThan(500_000);
    const cpu = await eventually('a busy step', async () => {
      const values = await metric('cpu_percent');
      return Math.max(...values) > 5 && values;
    });
    const { limits } = (
      await customer.ask<{ server: { limits: { cpu_limit_percent: number | null } } }>(
        'GET',
        `/v1/servers/${id}`,
      )
    ).server;
    // What the plan allows, and a little for the clock's grain.
    expect(Math.max(...cpu)).toBeLessThanOrEqual((limits.cpu_limit_percent ?? 10_000) * 1.2);
  });

  it('counts that a limit was hit', async () => {
    const { limit, failcnt } = await counter('numproc');
    await inside(`i=0; while [ $i -lt ${limit! + 20} ]; do sleep 3 & i=$((i + 1)); done; wait`).catch(
      () => undefined,
    );
    const after = await counter('numproc');
    expect(after.failcnt).toBeGreaterThan(failcnt);
    expect(after.maxheld).toBe(limit);
    expect(Math.max(...(await metric('num_proc')))).toBeGreaterThan(1);
  });

  it('says inside what it says outside', async () => {
    const { beancounters } = await usage();
    const text = (await inside('cat /var/lib/berth/user_beancounters')).stdout;
    const lines = text.trimEnd().split('\n').slice(2);
    const rows = new Map(
      lines.map((line) => {
        const [name, ...figures] = line.replace(/^.*?:/, '').trim().split(/ +/);
        return [name!, figures] as const;
      }),
    );
    const bound = (value: number | null) => (value === null ? UNLIMITED : String(value));
    expect(beancounters.length).toBeGreaterThanOrEqual(9);
    for (const { resource, maxheld, barrier, limit, failcnt } of beancounters) {
      const [, maxInside, ...rest] = rows.get(resource)!;
      expect([resource, ...rest]).toEqual([resource, bound(barrier), bound(limit), String(failcnt)]);
      // It goes on being counted between the two looks.
      expect(Number(maxInside)).toBeGreaterThanOrEqual(maxheld);
    }
  });

  it('goes on over a restart, and is there of a stopped server', async () => {
    const first = await counter('cputime');
    await customer.act(id, 'stop', { timeout_s: 5 });
    const stopped = await usage();
    expect(stopped.live).toBe(true);
    expect(stopped.beancounters.map(({ resource }) => resource)).not.toContain('numproc');
    const held = stopped.beancounters.find(({ resource }) => resource === 'cputime')!.held;
    expect(held).toBeGreaterThanOrEqual(first.held);
    await customer.act(id, 'start');
    expect((await counter('cputime')).held).toBeGreaterThanOrEqual(held);
  });
});
