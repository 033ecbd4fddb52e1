import type { CarriedCounters, Counters } from '@berth/domain';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** The last sample of a server as its host gave it: see advanceCounters. */
@Entity('usage_counters')
export class UsageCounterEntity {
  @PrimaryColumn({ name: 'server_number', type: 'bigint', transformer: asNumber }) serverNumber!: number;
  @Column('uuid', { name: 'host_id' }) hostId!: string;
  @Column('text', { nullable: true }) boot!: string | null;
  @Column('timestamptz') at!: Date;
  /** By the host's clock. */
  @Column('timestamptz', { name: 'host_at' }) hostAt!: Date;
  @Column('jsonb') counters!: Counters;
  @Column('jsonb') carried!: CarriedCounters;
}
