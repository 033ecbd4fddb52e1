import type { Price } from '@berth/contracts';
import { divideHalfUp, rateMonth, totalsOf, type RatedTime } from './rating';

const GIB = 2n ** 30n;
const HOUR = 3_600_000n;
const price = (change: Partial<Price> = {}): Price => ({
  currency: 'EUR',
  hourly_micros: 6000,
  monthly_cap_micros: 4_000_000,
  included_traffic_bytes: Number(100n * GIB),
  overage_micros_per_gib: 1000,
  ...change,
});
const time = (hours: bigint, change: Partial<Price> = {}, planId = 'p1', serverId = 's1'): RatedTime => ({
  serverId,
  planId,
  price: price(change),
  ms: hours * HOUR,
  records: Number(hours),
});
const sent = (bytes: bigint) => [{ serverId: 's1', bytes, records: 1 }];

describe('time', () => {
  it('costs its hours, parts of them as well', () => {
    const [line] = rateMonth([{ ...time(0n), ms: 1_800_000n, records: 1 }], []);
    expect(line).toMatchObject({ kind: 'server_time', amountMicros: 3000n, capped: false, records: 1 });
  });

  it('is rounded once a line, a half up', () => {
    // 1/3 micro-unit each: thrice that is one, not none.
    const third = { ...time(0n, { hourly_micros: 1 }), ms: 1_200_000n };
    expect(rateMonth([third, third, third], [])[0]!.amountMicros).toBe(1n);
    expect(rateMonth([{ ...third, ms: 1_800_000n }], [])[0]!.amountMicros).toBe(1n);
    expect(rateMonth([{ ...third, ms: 1_799_999n }], [])[0]!.amountMicros).toBe(0n);
  });

  it('is capped per server, plan and month', () => {
    const lines = rateMonth([time(744n), time(744n, {}, 'p2'), time(700n, {}, 'p1', 's2')], []);
    expect(lines.map(({ amountMicros }) => amountMicros)).toEqual([4_000_000n, 4_000_000n, 4_000_000n]);
    expect(rateMonth([time(666n)], [])[0]).toMatchObject({ amountMicros: 3_996_000n, capped: false });
    expect(rateMonth([time(744n, { monthly_cap_micros: null })], [])[0]!.amountMicros).toBe(4_464_000n);
  });

  it('costs what it did then; of several caps the highest holds', () => {
    const both = [time(600n), time(100n, { hourly_micros: 1000, monthly_cap_micros: 500_000 })];
    expect(rateMonth(both, [])).toMatchObject([{ amountMicros: 3_700_000n, records: 700 }]);
    const open = [time(700n), time(44n, { monthly_cap_micros: null })];
    expect(rateMonth(open, [])[0]!.amountMicros).toBe(4_464_000n);
  });

  it('of two currencies is in two lines and totals', () => {
    const lines = rateMonth([time(1n), time(2n, { currency: 'USD' })], []);
    expect(totalsOf(lines)).toEqual([
      { currency: 'EUR', amountMicros: 6000n },
      { currency: 'USD', amountMicros: 12_000n },
    ]);
  });
});

describe('traffic', () => {
  it('costs what is beyond the included', () => {
    expect(rateMonth([time(10n)], sent(100n * GIB))).toHaveLength(1);
    expect(rateMonth([time(10n)], sent(100n * GIB + GIB / 2n))[1]).toMatchObject({
      kind: 'traffic_overage',
      amountMicros: 500n,
      includedBytes: 100n * GIB,
    });
  });

  it('of several prices is included, and costs, by the time of each', () => {
    const other = { included_traffic_bytes: Number(200n * GIB), overage_micros_per_gib: 500 };
    const [, , overage] = rateMonth([time(30n), time(10n, other, 'p2')], sent(225n * GIB));
    // (3 × 100 + 200) / 4 = 125 GiB included, 875 micros each beyond.
    expect(overage).toMatchObject({ includedBytes: 125n * GIB, amountMicros: 87_500n });
  });

  it('without a priced time costs nothing', () => {
    expect(rateMonth([], sent(GIB))).toEqual([]);
    expect(rateMonth([time(0n)], sent(1000n * GIB))).toHaveLength(1);
  });
});

it('rounds a half up, of negative amounts too', () => {
  const cases: [bigint, bigint, bigint][] = [
    [5n, 2n, 3n],
    [-5n, 2n, -2n],
    [-7n, 4n, -2n],
    [-6n, 4n, -1n],
    [7n, 4n, 2n],
    [0n, 3n, 0n],
    [1n, 3n, 0n],
    [-1n, 3n, 0n],
  ];
  for (const [a, b, expected] of cases) expect([a, b, divideHalfUp(a, b)]).toEqual([a, b, expected]);
});
