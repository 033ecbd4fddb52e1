import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** A network whose addresses are given to servers of one location. */
@Entity('ip_pools')
export class IpPoolEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('cidr') cidr!: string;
  @Column('integer') family!: 4 | 6;
  @Column('uuid', { name: 'location_id' }) locationId!: string;
  @Column('inet', { nullable: true }) gateway!: string | null;
  @Column('bigint', { name: 'next_unit', transformer: asNumber }) nextUnit!: number;
  /** Addresses (IPv4) or /64 networks (IPv6) in it, usable or not. */
  @Column('bigint', { transformer: asNumber }) units!: number;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
}
