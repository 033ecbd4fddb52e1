import type { Role } from '@berth/contracts';
import type { EntityManager } from 'typeorm';
import { newId } from '../new-id';
import { prepared } from '../prepared';

export interface AuditRecord {
  /** Token's id, or `system`. */
  actor: string;
  role: Role | 'system';
  tenantId: string | null;
  /** `server.create`, `host.cordon` … */
  action: string;
  targetType: string;
  targetId: string;
  requestId: string;
  /** Never a secret. */
  details?: Record<string, unknown>;
}

const INSERT = prepared(
  'insert_audit_event',
  `INSERT INTO audit_events (id, at, actor, role, tenant_id, action, target_type, target_id, request_id, details)
   VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7, $8, $9)`,
);

/** In the same transaction as what it records. */
export async function recordAudit(em: EntityManager, record: AuditRecord): Promise<void> {
  const { actor, role, tenantId, action, targetType, targetId, requestId, details = {} } = record;
  const of = [actor, role, tenantId, action, targetType, targetId, requestId, JSON.stringify(details)];
  await em.query(INSERT, [newId(), ...of]);
}
