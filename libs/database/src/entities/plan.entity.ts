import type { Limits, Price } from '@berth/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** What is sold: a name for a set of limits. */
@Entity('plans')
export class PlanEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column('text') description!: string;
  @Column('jsonb') limits!: Limits;
  /** As set last; a trigger keeps from when on each one holds: plan_prices. */
  @Column('jsonb', { nullable: true }) price!: Price | null;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
