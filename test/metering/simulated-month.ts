import { newId, type UsageReading } from '@berth/database';
import type { SimulatedEvent } from './event-player';
import { Ledger, type Standing } from './ledger';

const HOUR = 3_600_000;
/** Of each sum, in an hour, at most. */
const MOST_USED = 1_000_000_000;
const SUMS = { cpu: 'cputime', traffic_in: 'netin', traffic_out: 'netout' } as const;
type Sum = keyof typeof SUMS;

export interface SimulatedPlan {
  id: string;
  ram: number;
  disk: number;
}

interface Machine extends Standing {
  id: string;
  tenant: string;
  host: string;
  boot: number;
  dies: number;
  /** What its host has counted, what of it was sampled, and what the last sample held. */
  counted: Record<Sum, number>;
  pending: Record<Sum, number>;
  sampled: number;
  held: { addresses: number[]; snapshot: string | null };
}

/** A provider's month, hour by hour: what happens is told as events, and is in the ledger. */
export class SimulatedMonth {
  readonly ledger = new Ledger();
  private readonly alive = new Map<string, Machine>();
  private readonly births: number[];
  private readonly freeAddresses: number[];

  constructor(
    private readonly random: () => number,
    private readonly given: {
      start: number;
      hours: number;
      servers: number;
      meanLifeHours: number;
      plans: readonly SimulatedPlan[];
      hosts: readonly string[];
      tenants: readonly string[];
      addresses: number;
    },
  ) {
    const span = given.hours * HOUR;
    this.births = Array.from({ length: given.servers }, () => given.start + Math.floor(random() * span)).sort(
      (a, b) => a - b,
    );
    this.freeAddresses = Array.from({ length: given.addresses }, (_, i) => i + 1);
  }

  get size(): number {
    return this.alive.size;
  }

  /** All that happens in an hour, in order. */
  hour(begin: number): SimulatedEvent[] {
    const events: SimulatedEvent[] = [];
    const end = begin + HOUR;
    while (this.births.length > 0 && this.births[0]! < end) this.birth(this.births.shift()!, events);
    for (const machine of [...this.alive.values()]) {
      const moment = begin + Math.floor(this.random() * HOUR);
      if (machine.dies < end) this.death(machine, Math.max(begin, machine.dies), events);
      else if (machine.status !== 'creating' && this.random() < 0.05) this.change(machine, moment, events);
      else if (machine.status === 'creating') this.made(machine, begin, events);
    }
    return events.sort((a, b) => +a.at - +b.at);
  }

  /** What all use in an hour. */
  use(): void {
    for (const machine of this.alive.values()) {
      if (machine.status !== 'running') continue;
      for (const sum of Object.keys(SUMS) as Sum[]) {
        const amount = Math.floor(this.random() * MOST_USED);
        machine.counted[sum] += amount;
        machine.pending[sum] += amount;
      }
    }
  }

  /** What a host answers; it is in the ledger as told. */
  readings(host: string, now: number): UsageReading[] {
    const own = [...this.alive.values()].filter((one) => one.host === host && one.status !== 'creating');
    return own.map((machine) => {
      for (const sum of Object.keys(SUMS) as Sum[]) {
        this.ledger.used(machine.id, now, sum, machine.pending[sum]);
        machine.pending[sum] = 0;
      }
      machine.sampled = machine.counted.cpu;
      const counters = Object.fromEntries(
        (Object.keys(SUMS) as Sum[]).map((sum) => [
          SUMS[sum],
          [machine.counted[sum], machine.counted[sum], null, null, 0],
        ]),
      );
      const boot = machine.status === 'running' ? `b${machine.boot}` : null;
      return { serverNumber: this.numbers.get(machine.id)!, boot, counters, hostAt: now };
    });
  }

  /** The database's numbers of the servers. */
  readonly numbers = new Map<string, number>();

  private pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.random() * all.length)]!;
  }

  private birth(at: number, events: SimulatedEvent[]): void {
    const plan = this.pick(this.given.plans);
    const life = -Math.log(1 - this.random()) * this.given.meanLifeHours * HOUR;
    const machine: Machine = {
      id: newId(),
      tenant: this.pick(this.given.tenants),
      host: this.pick(this.given.hosts),
      status: 'creating',
      plan: plan.id,
      ram: plan.ram,
      disk: plan.disk,
      addresses: { 4: 0, 6: 0 },
      snapshotBytes: 0,
      boot: 1,
      dies: at + 2 * HOUR + Math.floor(life),
      counted: nothing(),
      pending: nothing(),
      sampled: 0,
      held: { addresses: [], snapshot: null },
    };
    this.alive.set(machine.id, machine);
    events.push({
      at: new Date(at),
      server: machine.id,
      do: 'order',
      tenant: machine.tenant,
      host: machine.host,
      plan: plan.id,
    });
    this.ledger.turn(machine.id, at, machine);
    this.giveAddress(machine, at, events);
  }

  /** In the hour after its order: making it took some minutes, or rather more. */
  private made(machine: Machine, begin: number, events: SimulatedEvent[]): void {
    if (events.some((event) => event.server === machine.id)) return;
    this.setStatus(machine, begin + Math.floor(this.random() * HOUR), 'running', events);
  }

  private death(machine: Machine, at: number, events: SimulatedEvent[]): void {
    for (const address of machine.held.addresses) {
      events.push({ at: new Date(at), server: machine.id, do: 'address', address, held: false });
      this.freeAddresses.push(address);
    }
    if (machine.held.snapshot)
      events.push({
        at: new Date(at),
        server: machine.id,
        do: 'snapshot',
        snapshot: machine.held.snapshot,
        bytes: null,
      });
    events.push({ at: new Date(at), server: machine.id, do: 'delete' });
    this.ledger.turn(machine.id, at, null);
    this.alive.delete(machine.id);
  }

  private change(machine: Machine, at: number, events: SimulatedEvent[]): void {
    const kind = this.random();
    if (kind < 0.35) this.setStatus(machine, at, this.nextStatus(machine), events);
    else if (kind < 0.55) this.resize(machine, at, events);
    else if (kind < 0.65) this.migrate(machine, at, events);
    else if (kind < 0.75) this.restartRecord(machine);
    else if (kind < 0.85) this.giveAddress(machine, at, events);
    else this.changeSnapshot(machine, at, events);
  }

  private nextStatus(machine: Machine): string {
    const others = ['stopped', 'frozen', 'suspended', 'error'];
    return machine.status === 'running' ? this.pick(others) : 'running';
  }

  private setStatus(machine: Machine, at: number, status: string, events: SimulatedEvent[]): void {
    machine.status = status;
    machine.boot += 1;
    events.push({ at: new Date(at), server: machine.id, do: 'status', status });
    this.ledger.turn(machine.id, at, machine);
  }

  private resize(machine: Machine, at: number, events: SimulatedEvent[]): void {
    const plan = this.pick(this.given.plans);
    Object.assign(machine, { plan: plan.id, ram: plan.ram, disk: plan.disk });
    events.push({ at: new Date(at), server: machine.id, do: 'plan', plan: plan.id });
    this.ledger.turn(machine.id, at, machine);
  }

  /** Its counters go with it; or its host was lost, and it is made afresh on another one. */
  private migrate(machine: Machine, at: number, events: SimulatedEvent[]): void {
    const host = this.pick(this.given.hosts.filter((id) => id !== machine.host));
    machine.host = host;
    machine.boot += 1;
    if (this.random() < 0.3) this.restartRecord(machine);
    events.push({ at: new Date(at), server: machine.id, do: 'host', host });
    this.ledger.turn(machine.id, at, machine);
  }

  /**
   * Its container is made afresh, where so much was counted that this can be told. What the old one counted since the last
   * sample is nobody's.
   */
  private restartRecord(machine: Machine): void {
    if (machine.sampled < 40 * MOST_USED) return;
    Object.assign(machine, { counted: nothing(), pending: nothing(), sampled: 0 });
    machine.boot += 1;
  }

  private giveAddress(machine: Machine, at: number, events: SimulatedEvent[]): void {
    if (machine.held.addresses.length > 2) {
      const address = machine.held.addresses.pop()!;
      this.freeAddresses.push(address);
      machine.addresses[familyOf(address)] -= 1;
      events.push({ at: new Date(at), server: machine.id, do: 'address', address, held: false });
    } else {
      // The longest free first: two servers never have the same one in one hour.
      const address = this.freeAddresses.shift()!;
      machine.held.addresses.push(address);
      machine.addresses[familyOf(address)] += 1;
      events.push({ at: new Date(at), server: machine.id, do: 'address', address, held: true });
    }
    this.ledger.turn(machine.id, at, machine);
  }

  private changeSnapshot(machine: Machine, at: number, events: SimulatedEvent[]): void {
    const snapshot = machine.held.snapshot ?? newId();
    const bytes = machine.held.snapshot && this.random() < 0.3 ? null : Math.floor(this.random() * 1e10);
    machine.held.snapshot = bytes === null ? null : snapshot;
    machine.snapshotBytes = bytes ?? 0;
    events.push({ at: new Date(at), server: machine.id, do: 'snapshot', snapshot, bytes });
    this.ledger.turn(machine.id, at, machine);
  }
}

const familyOf = (address: number): 4 | 6 => (address % 2 === 1 ? 4 : 6);
const nothing = (): Record<Sum, number> => ({ cpu: 0, traffic_in: 0, traffic_out: 0 });
