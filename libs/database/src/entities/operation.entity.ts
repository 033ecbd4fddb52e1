import type { OperationErrorBody, OperationKind, OperationStatus } from '@berth/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** One change under way, or done. Written by operation.repository and by the step engine only. */
@Entity('operations')
export class OperationEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') kind!: OperationKind;
  @Column('text') status!: OperationStatus;
  /** `undo` once a step failed for good or a cancel took hold. */
  @Column('text') direction!: 'forward' | 'undo';
  @Column('uuid', { name: 'server_id', nullable: true }) serverId!: string | null;
  @Column('uuid', { name: 'host_id', nullable: true }) hostId!: string | null;
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId!: string | null;
  @Column('text', { name: 'requested_by' }) requestedBy!: string;
  @Column('text', { name: 'request_id' }) requestId!: string;
  @Column('jsonb') input!: Record<string, unknown>;
  @Column('jsonb', { nullable: true }) result!: Record<string, unknown> | null;
  @Column('jsonb', { nullable: true }) error!: OperationErrorBody | null;
  @Column('integer') progress!: number;
  @Column('integer') attempt!: number;
  @Column('bigint', { transformer: asNumber }) fence!: number;
  @Column('text', { name: 'worker_id', nullable: true }) workerId!: string | null;
  @Column('timestamptz', { name: 'lease_until', nullable: true }) leaseUntil!: Date | null;
  @Column('timestamptz', { name: 'run_after' }) runAfter!: Date;
  @Column('timestamptz', { name: 'cancel_requested_at', nullable: true }) cancelRequestedAt!: Date | null;
  @Column('uuid', { name: 'waits_for', nullable: true }) waitsFor!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt!: Date | null;
}
