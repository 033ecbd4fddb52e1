import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A difference between the database and a host, or what an undo could not take back. Open until `resolvedAt`. */
@Entity('drift_findings')
export class DriftFindingEntity {
  @PrimaryColumn('uuid') id!: string;
  /** `unknown_container`, `missing_container`, `undo_failed` … */
  @Column('text') kind!: string;
  @Column('uuid', { name: 'host_id', nullable: true }) hostId!: string | null;
  @Column('uuid', { name: 'server_id', nullable: true }) serverId!: string | null;
  @Column('uuid', { name: 'operation_id', nullable: true }) operationId!: string | null;
  @Column('text') subject!: string;
  @Column('text') message!: string;
  @Column('jsonb') details!: Record<string, unknown>;
  @Column('timestamptz', { name: 'found_at' }) foundAt!: Date;
  @Column('timestamptz', { name: 'last_seen_at' }) lastSeenAt!: Date;
  @Column('timestamptz', { name: 'resolved_at', nullable: true }) resolvedAt!: Date | null;
}
