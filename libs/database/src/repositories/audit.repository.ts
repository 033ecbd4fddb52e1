import type { Role } from '@berth/contracts';
import type { EntityManager } from 'typeorm';
import { AuditEventEntity } from '../entities/audit-event.entity';
import { newId } from '../new-id';

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

/** In the same transaction as what it records. */
export async function recordAudit(em: EntityManager, record: AuditRecord): Promise<void> {
  await em.insert(AuditEventEntity, {
    ...record,
    id: newId(),
    at: new Date(),
    details: record.details ?? {},
  } as never);
}
