import type { Feature, Limits, SnapshotStatus } from '@berth/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** What a server was at a moment. Lies on the host that its server is on. */
@Entity('snapshots')
export class SnapshotEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'server_id' }) serverId!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') name!: string;
  @Column('text') status!: SnapshotStatus;
  /** With its processes, as they ran. */
  @Column('boolean') memory!: boolean;
  /** What only it holds on the host's disk, as last counted. */
  @Column('bigint', { name: 'size_bytes', transformer: asNumber }) sizeBytes!: number;
  /** The server's when it was taken, as the three below. */
  @Column('uuid', { name: 'template_id' }) templateId!: string;
  @Column('uuid', { name: 'plan_id' }) planId!: string;
  @Column('jsonb') limits!: Limits;
  @Column('text', { array: true }) features!: Feature[];
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
