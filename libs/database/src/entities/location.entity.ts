import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Where hosts stand. Servers are placed, and migrated, within one. */
@Entity('locations')
export class LocationEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  /** First id slot that was never given out: see id-slots.repository. */
  @Column('integer', { name: 'next_id_slot' }) nextIdSlot!: number;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
}
