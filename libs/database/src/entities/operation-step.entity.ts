import type { OperationErrorBody, StepStatus } from '@berth/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One step of an operation; resuming skips those that succeeded. */
@Entity('operation_steps')
export class OperationStepEntity {
  @PrimaryColumn('uuid', { name: 'operation_id' }) operationId!: string;
  @PrimaryColumn('integer') position!: number;
  @Column('text') name!: string;
  @Column('text') status!: StepStatus;
  @Column('integer') attempt!: number;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt!: Date | null;
  @Column('jsonb', { nullable: true }) error!: OperationErrorBody | null;
  @Column('jsonb', { nullable: true }) output!: Record<string, unknown> | null;
  /** Tail of what the host printed. */
  @Column('text') log!: string;
}
