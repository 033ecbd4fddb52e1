import type { DataSource } from 'typeorm';
import { prepared } from '../prepared';

/** Something that was committed since the last look: an event, or an audit event. */
export interface CommittedChange {
  /** `server.started`, `host.cordon` … */
  type: string;
  /** Null: of the provider alone. */
  tenantId: string | null;
  serverId: string | null;
  /** What it is about, by its kind in the singular, as in audit events. */
  target: { type: string; id: string };
  /** Of an event about an operation. */
  operationKind: string | null;
  /** Else an event. */
  isAudit: boolean;
}

interface EventRow {
  seq: number;
  type: string;
  tenant_id: string | null;
  server_id: string | null;
  subject: string;
  kind: string | null;
}

interface AuditRow {
  id: string;
  xid: string;
  action: string;
  tenant_id: string | null;
  target_type: string;
  target_id: string;
}

const START = `
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin,
         coalesce((SELECT max(seq) FROM events WHERE at < clock_timestamp() - interval '3 minutes'), 0)::float8 AS seq`;

const LOOK = prepared(
  'change_feed',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin, pg_snapshot_xmax(pg_current_snapshot())::text AS xmax,
          (SELECT coalesce(jsonb_agg(jsonb_build_object('seq', seq, 'type', type, 'tenant_id', tenant_id, 'server_id', server_id,
                  'subject', subject, 'kind', data->'operation'->>'kind') ORDER BY seq), '[]') FROM events WHERE seq > $1) AS events,
          (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'xid', xid::text, 'action', action, 'tenant_id', tenant_id,
                  'target_type', target_type, 'target_id', target_id)), '[]') FROM audit_events WHERE xid >= $2::xid8) AS audit`,
);

/**
 * Tells what was committed since the last look: of the tables `events`, which triggers write, and `audit_events`. Each change
 * once, and none is missed though transactions commit in another order than they wrote: both tables are read again from where
 * a transaction may still have been open at the look before. Order is not kept: who reads looks at what is there now.
 */
export class ChangeFeed {
  /** Every event up to here is committed, or never will be. */
  private settled = 0;
  /** The highest event seen at some look, and the first transaction that was not begun then. */
  private pending: { seq: number; xmax: bigint } | null = null;
  private seenEvents = new Set<number>();
  private openFrom = '0';
  private seenAudit = new Map<string, bigint>();

  constructor(private readonly dataSource: DataSource) {}

  /** Begins at now: what is committed already is not told. */
  async start(): Promise<void> {
    const [row]: { xmin: string; seq: number }[] = await this.dataSource.query(START);
    this.settled = row!.seq;
    this.openFrom = row!.xmin;
    this.pending = null;
    this.seenEvents.clear();
    this.seenAudit.clear();
    await this.look();
  }

  async look(): Promise<CommittedChange[]> {
    const [row]: { xmin: string; xmax: string; events: EventRow[]; audit: AuditRow[] }[] =
      await this.dataSource.query(LOOK, [this.settled, this.openFrom]);
    const { xmin, xmax, events, audit } = row!;
    const freshEvents = events.filter(({ seq }) => !this.seenEvents.has(seq));
    const freshAudit = audit.filter(({ id }) => !this.seenAudit.has(id));
    for (const { seq } of freshEvents) this.seenEvents.add(seq);
    for (const { id, xid } of freshAudit) this.seenAudit.set(id, BigInt(xid));
    this.settle(BigInt(xmin), BigInt(xmax), events.at(-1)?.seq ?? this.settled);
    return [...freshEvents.map(ofEvent), ...freshAudit.map(ofAudit)];
  }

  private settle(xmin: bigint, xmax: bigint, lastSeq: number): void {
    // An event's transaction has its number before the event: all lower ones than the last seen were of numbers below xmax.
    if (this.pending && xmin >= this.pending.xmax) {
      this.settled = this.pending.seq;
      for (const seq of this.seenEvents) if (seq <= this.settled) this.seenEvents.delete(seq);
      this.pending = null;
    }
    this.pending ??= { seq: lastSeq, xmax };
    this.openFrom = String(xmin);
    for (const [id, xid] of this.seenAudit) if (xid < xmin) this.seenAudit.delete(id);
  }
}

function ofEvent({
  type,
  tenant_id: tenantId,
  server_id: serverId,
  subject,
  kind,
}: EventRow): CommittedChange {
  const [resource = '', id = ''] = subject.split('/');
  return {
    type,
    tenantId,
    serverId,
    target: { type: resource.replace(/s$/, ''), id },
    operationKind: kind,
    isAudit: false,
  };
}

function ofAudit({
  action,
  tenant_id: tenantId,
  target_type: type,
  target_id: id,
}: AuditRow): CommittedChange {
  const serverId = type === 'server' ? id : null;
  return { type: action, tenantId, serverId, target: { type, id }, operationKind: null, isAudit: true };
}
