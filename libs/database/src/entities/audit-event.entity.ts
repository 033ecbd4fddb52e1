import type { Role } from '@berth/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who did what to which thing; never changed, never deleted by the platform. */
@Entity('audit_events')
export class AuditEventEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('timestamptz') at!: Date;
  /** Token's id, or `system`. */
  @Column('text') actor!: string;
  @Column('text') role!: Role | 'system';
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId!: string | null;
  /** `server.create`, `host.cordon` … */
  @Column('text') action!: string;
  @Column('text', { name: 'target_type' }) targetType!: string;
  @Column('text', { name: 'target_id' }) targetId!: string;
  @Column('text', { name: 'request_id' }) requestId!: string;
  @Column('jsonb') details!: Record<string, unknown>;
}
