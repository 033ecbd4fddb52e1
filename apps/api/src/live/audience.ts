import type { LiveResource } from '@berth/contracts';
import type { Caller } from '../http/request-context';
import type { Reach } from './change-resources';

/** Single messages a second of one kind, and how many at once after a quiet time. Beyond, a client had better fetch a page. */
const PER_SECOND = 30;
const AT_ONCE = 30;
/** Ms between two messages that make clients fetch lists. */
export const CHANGED_EVERY_MS = 1000;
export const OVERFLOW_EVERY_MS = 2000;

type Single = 'operations' | 'servers';

/** Resources to be told of, at most so often; what comes in between is told with the next. */
class Notice {
  private readonly owed = new Set<LiveResource>();
  private lastAt = -Infinity;

  constructor(private readonly everyMs: number) {}

  add(resource: LiveResource): void {
    this.owed.add(resource);
  }

  /** When it can be told, or null where nothing is owed. */
  get dueAt(): number | null {
    return this.owed.size === 0 ? null : Math.max(0, this.lastAt + this.everyMs);
  }

  take(now: number): LiveResource[] {
    if (this.dueAt === null || this.dueAt > now) return [];
    this.lastAt = now;
    const resources = [...this.owed].sort();
    this.owed.clear();
    return resources;
  }
}

/** All streams whose callers see the same: what is told to them is decided, and made, once. */
export class Audience {
  readonly changed = new Notice(CHANGED_EVERY_MS);
  readonly overflow = new Notice(OVERFLOW_EVERY_MS);
  private readonly left: Record<Single, number> = { operations: AT_ONCE, servers: AT_ONCE };
  private filledAt: number;

  constructor(
    readonly caller: Pick<Caller, 'role' | 'tenantId'>,
    now: number,
  ) {
    this.filledAt = now;
  }

  /** By it streams find their audience. */
  static keyOf({ role, tenantId }: Pick<Caller, 'role' | 'tenantId'>): string {
    return tenantId === null ? role : `${role} ${tenantId}`;
  }

  /** Whether these callers may see what belongs to this tenant, or to none. */
  sees(tenantId: string | null): boolean {
    if (this.caller.role === 'operator') return true;
    return this.caller.tenantId === null ? tenantId !== null : tenantId === this.caller.tenantId;
  }

  isReached(reach: Reach): boolean {
    const { role } = this.caller;
    if (reach === 'everyone') return true;
    if (reach === 'staff') return role !== 'customer';
    return reach === 'operators' ? role === 'operator' : this.sees(reach.tenantId);
  }

  /** Those of `ids` to be told one by one; none, and an overflow is owed, where they are too many. */
  admit(kind: Single, ids: string[], now: number): string[] {
    this.refill(now);
    if (ids.length > this.left[kind]) {
      this.overflow.add(kind);
      return [];
    }
    this.left[kind] -= ids.length;
    return ids;
  }

  /** When something that is owed can be told; null where nothing is. */
  get dueAt(): number | null {
    const times = [this.changed.dueAt, this.overflow.dueAt].filter((at) => at !== null);
    return times.length > 0 ? Math.min(...times) : null;
  }

  private refill(now: number): void {
    const gained = ((now - this.filledAt) / 1000) * PER_SECOND;
    this.filledAt = now;
    for (const kind of ['operations', 'servers'] as const)
      this.left[kind] = Math.min(AT_ONCE, this.left[kind] + gained);
  }
}
