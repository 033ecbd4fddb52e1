import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** When a host is sampled next. Who samples it holds `claim` until `claimedUntil`. */
@Entity('usage_hosts')
export class UsageHostEntity {
  @PrimaryColumn('uuid', { name: 'host_id' }) hostId!: string;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @Column('bigint', { transformer: asNumber }) claim!: number;
  @Column('timestamptz', { name: 'sampled_at', nullable: true }) sampledAt!: Date | null;
  /** In a row. */
  @Column('integer') failures!: number;
  @Column('text', { name: 'last_error', nullable: true }) lastError!: string | null;
}
