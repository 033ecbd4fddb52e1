import type { Meter } from '@berth/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a server used in one hour of one meter, or the difference to what was told of it. Never changed. */
@Entity('usage_records')
export class UsageRecordEntity {
  /** `tenant/server/meter/window`, `/plan` where it is of one; `#1`, `#2` … for corrections. */
  @PrimaryColumn('text') id!: string;
  /** In the order of commits. */
  @Column({ type: 'bigint', insert: false, update: false }) seq!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('uuid', { name: 'server_id' }) serverId!: string;
  @Column('text') meter!: Meter;
  @Column('timestamptz', { name: 'window_start' }) windowStart!: Date;
  @Column('timestamptz', { name: 'window_end' }) windowEnd!: Date;
  @Column('uuid', { name: 'plan_id', nullable: true }) planId!: string | null;
  /** Beyond what a number holds. */
  @Column('numeric') quantity!: string;
  @Column('text') unit!: string;
  @Column('boolean') incomplete!: boolean;
  @Column('text', { nullable: true }) corrects!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
