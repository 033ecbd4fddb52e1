const DAY = 86_400_000;

/** What a server is, in the ledger's eyes. */
export interface Standing {
  status: string;
  plan: string;
  ram: number;
  disk: number;
  /** By family. */
  addresses: { 4: number; 6: number };
  snapshotBytes: number;
}

/**
 * The books that a simulation keeps by hand, to hold the metering's against: what each server was is written down at each
 * change, by the day. It shares nothing with what it checks, and knows no hours.
 */
export class Ledger {
  readonly sums = new Map<string, bigint>();
  private readonly standing = new Map<string, Standing & { since: number }>();

  /** A server comes to be, or is another from now on; null: it is deleted. */
  turn(server: string, now: number, next: Standing | null): void {
    const was = this.standing.get(server);
    if (was) for (const [from, to] of daysBetween(was.since, now)) this.book(server, was, from, to - from);
    if (next) this.standing.set(server, { ...next, addresses: { ...next.addresses }, since: now });
    else this.standing.delete(server);
  }

  /** What a sample told. */
  used(server: string, now: number, meter: string, amount: number): void {
    this.add(server, meter, '', now, BigInt(amount));
  }

  /** Books all that is still open. */
  end(now: number): void {
    for (const server of [...this.standing.keys()]) this.turn(server, now, null);
  }

  private book(server: string, was: Standing, from: number, ms: number): void {
    const held = (meter: string, amount: number) =>
      this.add(server, meter, '', from, BigInt(ms) * BigInt(amount));
    this.add(server, `${was.status}_time`, was.plan, from, BigInt(ms));
    held('ipv4_addresses', was.addresses[4]);
    held('ipv6_addresses', was.addresses[6]);
    held('snapshot_storage', was.snapshotBytes);
    if (was.status === 'creating') return;
    held('allocated_ram', was.ram);
    held('allocated_disk', was.disk);
  }

  private add(server: string, meter: string, plan: string, now: number, amount: bigint): void {
    if (amount === 0n) return;
    const key = [server, meter, plan, new Date(now).toISOString().slice(0, 10)].join(' ');
    this.sums.set(key, (this.sums.get(key) ?? 0n) + amount);
  }
}

function* daysBetween(from: number, to: number): Generator<[number, number]> {
  for (let begin = from; begin < to;) {
    const end = Math.min(to, (Math.floor(begin / DAY) + 1) * DAY);
    yield [begin, end];
    begin = end;
  }
}
