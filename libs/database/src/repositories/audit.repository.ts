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

/** The insert as SQL, its values as auditValues gives them from the parameter `$first` on. */
export const insertAuditSql = (first: number): string => {
  const values = Array.from({ length: 9 }, (_, at) => `$${first + at}`);
  return `INSERT INTO audit_events (id, at, actor, role, tenant_id, action, target_type, target_id, request_id, details)
   VALUES (${values[0]}, clock_timestamp(), ${values.slice(1).join(', ')})`;
};

export function auditValues(record: AuditRecord): unknown[] {
  const { actor, role, tenantId, action, targetType, targetId, requestId, details = {} } = record;
  return [newId(), actor, role, tenantId, action, targetType, targetId, requestId, JSON.stringify(details)];
}

const INSERT = prepared('insert_audit_event', insertAuditSql(1));

/** In the same transaction as what it records. */
export async function recordAudit(em: EntityManager, record: AuditRecord): Promise<void> {
  await em.query(INSERT, auditValues(record));
}
