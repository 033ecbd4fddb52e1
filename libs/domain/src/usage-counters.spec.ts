import type { Beancounter } from '@berth/contracts';
import {
  advanceCounters,
  SUM_RESOURCES,
  toCounters,
  totalBeancounters,
  type CounterReading,
  type CounterState,
  type Counters,
} from './usage-counters';

const sums = (held: number): Counters =>
  Object.fromEntries(SUM_RESOURCES.map((sum) => [sum, [held, held, null, null, 0]]));
const reading = (held: number, change: Partial<CounterReading> = {}): CounterReading => ({
  hostId: 'h1',
  boot: 'b1',
  counters: sums(held),
  ...change,
});
/** The totals after each reading, and all that was used. */
function follow(readings: CounterReading[]): { totals: number[]; used: number[] } {
  let state: CounterState | null = null;
  const totals: number[] = [];
  const used: number[] = [];
  for (const one of readings) {
    const step: ReturnType<typeof advanceCounters> = advanceCounters(state, one);
    state = step.state;
    used.push(step.used.netin);
    totals.push(totalBeancounters(state).find(({ resource }) => resource === 'netin')!.held);
  }
  return { totals, used };
}

describe('counters of a server', () => {
  it('grow, over restarts of the container too, whose host goes on counting', () => {
    expect(follow([reading(100), reading(150, { boot: 'b2' }), reading(150, { boot: null })])).toEqual({
      totals: [100, 150, 150],
      used: [100, 50, 0],
    });
  });

  it('begin at what the host has, where the server was there before it was counted', () => {
    const { used, state } = advanceCounters(null, reading(1000), false);
    expect(used.cputime).toBe(0);
    expect(advanceCounters(state, reading(1010)).used.cputime).toBe(10);
  });

  it.each([0, 400, 900, 999])('go on over a move to a host that begins with %d', (first) => {
    const moved = { hostId: 'h2', boot: 'b9' };
    expect(follow([reading(1000), reading(first, moved), reading(first + 5, moved)])).toEqual({
      totals: [1000, 1000 + first, 1005 + first],
      used: [1000, first, 5],
    });
  });

  it('go on over a move that takes them along', () => {
    expect(follow([reading(1000), reading(1020, { hostId: 'h2', boot: 'b2' })]).totals).toEqual([1000, 1020]);
  });

  it('go on where the host lost its record', () => {
    expect(follow([reading(1000), reading(7, { boot: 'b2' })])).toEqual({
      totals: [1000, 1007],
      used: [1000, 7],
    });
  });

  it('count nothing twice where the host lost its record under a running container', () => {
    expect(follow([reading(1000), reading(100), reading(110)])).toEqual({
      totals: [1000, 1000, 1010],
      used: [1000, 0, 10],
    });
  });

  it('count nothing twice after a power loss that set them back a little', () => {
    const after = { boot: 'b2' };
    expect(follow([reading(1000), reading(980, after), reading(1100, after)])).toEqual({
      totals: [1000, 1000, 1120],
      used: [1000, 0, 120],
    });
  });

  it('keep a sum that is not given now', () => {
    const { netin, ...rest } = sums(1000);
    expect(netin).toBeDefined();
    expect(follow([reading(1000), reading(0, { counters: rest }), reading(1200)])).toEqual({
      totals: [1000, 1000, 1200],
      used: [1000, 0, 200],
    });
  });

  it('never sink, whatever hosts report, and add up to what was used', () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 200; round++) {
      const readings = Array.from({ length: 20 }, () =>
        reading(random(1000), { hostId: `h${random(3)}`, boot: random(4) ? `b${random(3)}` : null }),
      );
      const { totals, used } = follow(readings);
      expect(totals).toEqual([...totals].sort((a, b) => a - b));
      expect(used.every((one) => one >= 0)).toBe(true);
      expect(used.reduce((a, b) => a + b)).toBe(totals.at(-1));
    }
  });

  it('carries maxheld and failcnt to another host, and what is held there only there', () => {
    const one = (held: number, maxheld: number, failcnt: number): Beancounter[] => [
      { resource: 'physpages', unit: 'pages', held, maxheld, barrier: 10, limit: 20, failcnt },
      { resource: 'cputime', unit: 'us', held, maxheld: held, barrier: null, limit: null, failcnt },
    ];
    const first = advanceCounters(null, reading(0, { counters: toCounters(one(15, 18, 3)) }));
    const moved = reading(0, { hostId: 'h2', counters: toCounters(one(5, 6, 1)) });
    const { state } = advanceCounters(first.state, moved);
    expect(totalBeancounters(state)).toEqual([
      { resource: 'physpages', unit: 'pages', held: 5, maxheld: 18, barrier: 10, limit: 20, failcnt: 4 },
      { resource: 'cputime', unit: 'us', held: 20, maxheld: 20, barrier: null, limit: null, failcnt: 4 },
    ]);
  });
});
