import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** How far a sink has been told of usage. Who tells it holds `claim` until `claimedUntil`. */
@Entity('usage_exports')
export class UsageExportEntity {
  @PrimaryColumn('text') sink!: string;
  @Column('bigint', { transformer: asNumber }) seq!: number;
  @Column('bigint', { transformer: asNumber }) claim!: number;
  @Column('timestamptz', { name: 'exported_at', nullable: true }) exportedAt!: Date | null;
  /** In a row. */
  @Column('integer') failures!: number;
  @Column('text', { name: 'last_error', nullable: true }) lastError!: string | null;
}
