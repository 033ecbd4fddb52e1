import type { Price } from '@berth/contracts';

const HOUR_MS = 3_600_000n;
const GIB = 1n << 30n;

/** What was metered of one server in one month at one price. */
export interface RatedTime {
  serverId: string;
  planId: string;
  price: Price;
  /** That it existed, being made left out, ms. */
  ms: bigint;
  /** Of how many records. */
  records: number;
}

export interface RatedTraffic {
  serverId: string;
  bytes: bigint;
  records: number;
}

interface LineOfAny {
  serverId: string;
  currency: string;
  amountMicros: bigint;
  records: number;
  /** Those that held in the month. */
  prices: Price[];
}

interface TimeLine extends LineOfAny {
  kind: 'server_time';
  planId: string;
  ms: bigint;
  capped: boolean;
}

interface OverageLine extends LineOfAny {
  kind: 'traffic_overage';
  planId: null;
  /** All that was sent, and what of it is included. */
  bytes: bigint;
  includedBytes: bigint;
}

export type InvoiceLine = TimeLine | OverageLine;

/**
 * A tenant's lines of one calendar month. A line is rounded once, at its end, half up to whole micro-units; the total of a
 * currency is the sum of its lines.
 */
export function rateMonth(times: readonly RatedTime[], traffic: readonly RatedTraffic[]): InvoiceLine[] {
  const timesOf = groupBy(times, ({ serverId }) => serverId);
  const trafficOf = new Map(traffic.map((one) => [one.serverId, one]));
  return [...timesOf.values()].flatMap((own) => {
    const perPlan = groupBy(own, ({ planId, price }) => `${planId} ${price.currency}`);
    const sent = trafficOf.get(own[0]!.serverId);
    const overage = sent ? overageLine(own, sent) : null;
    return [...[...perPlan.values()].map(timeLine), ...(overage ? [overage] : [])];
  });
}

/** Sum of the lines of each currency. */
export function totalsOf(lines: readonly InvoiceLine[]): { currency: string; amountMicros: bigint }[] {
  const perCurrency = groupBy(lines, ({ currency }) => currency);
  return [...perCurrency].map(([currency, own]) => ({
    currency,
    amountMicros: sum(own, ({ amountMicros }) => amountMicros),
  }));
}

/**
 * A server's time on one plan. Where the price changed within the month, each part costs what it did then, and the cap is
 * the highest of them: what was reached is never taken back by a price that falls.
 */
function timeLine(parts: readonly RatedTime[]): TimeLine {
  const { serverId, planId, price } = parts[0]!;
  const caps = parts.map((part) => part.price.monthly_cap_micros);
  const cap = caps.includes(null) ? null : (caps as number[]).reduce((a, b) => Math.max(a, b));
  const uncapped = divideHalfUp(
    sum(parts, (part) => part.ms * BigInt(part.price.hourly_micros)),
    HOUR_MS,
  );
  const capped = cap !== null && uncapped > BigInt(cap);
  return {
    kind: 'server_time',
    serverId,
    planId,
    currency: price.currency,
    ms: sum(parts, ({ ms }) => ms),
    capped,
    amountMicros: capped ? BigInt(cap) : uncapped,
    records: parts.reduce((count, part) => count + part.records, 0),
    prices: parts.map((part) => part.price),
  };
}

/**
 * What a server sent beyond what is included. Traffic belongs to no plan: where the server had several prices in the month, what is
 * included and what a GiB costs are their averages by the server's time at each. Null where nothing is to be paid. Of
 * several currencies, the one of the most time.
 */
function overageLine(all: readonly RatedTime[], { bytes, records }: RatedTraffic): OverageLine | null {
  const perCurrency = [...groupBy(all, ({ price }) => price.currency)].map(([currency, parts]) => ({
    currency,
    parts,
    ms: sum(parts, ({ ms }) => ms),
  }));
  const { currency, parts, ms } = perCurrency.reduce((most, one) =>
    one.ms > most.ms || (one.ms === most.ms && one.currency < most.currency) ? one : most,
  );
  if (ms <= 0n) return null;
  const includedBytes = sum(parts, (part) => part.ms * BigInt(part.price.included_traffic_bytes)) / ms;
  if (bytes <= includedBytes) return null;
  const perGib = sum(parts, (part) => part.ms * BigInt(part.price.overage_micros_per_gib));
  return {
    kind: 'traffic_overage',
    serverId: all[0]!.serverId,
    planId: null,
    currency,
    bytes,
    includedBytes,
    amountMicros: divideHalfUp((bytes - includedBytes) * perGib, ms * GIB),
    records,
    prices: parts.map((part) => part.price),
  };
}

/** `a / b` to the nearest whole number, a half up; `b` positive. */
export function divideHalfUp(a: bigint, b: bigint): bigint {
  const doubled = 2n * a + b;
  const floor = doubled / (2n * b);
  return doubled % (2n * b) < 0n ? floor - 1n : floor;
}

function sum<T>(all: readonly T[], amount: (one: T) => bigint): bigint {
  return all.reduce((total, one) => total + amount(one), 0n);
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}
