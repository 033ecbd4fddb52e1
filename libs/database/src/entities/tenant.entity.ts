import type { TenantStatus } from '@berth/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** A customer of the provider. `used…` is written by the database's triggers only. */
@Entity('tenants')
export class TenantEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column('text', { name: 'external_id', nullable: true }) externalId!: string | null;
  @Column('text') status!: TenantStatus;

  @Column('integer', { name: 'quota_servers' }) quotaServers!: number;
  @Column('numeric', { name: 'quota_cpus', transformer: asNumber }) quotaCpus!: number;
  @Column('bigint', { name: 'quota_ram_bytes', transformer: asNumber }) quotaRamBytes!: number;
  @Column('bigint', { name: 'quota_disk_bytes', transformer: asNumber }) quotaDiskBytes!: number;
  @Column('integer', { name: 'quota_ipv4' }) quotaIpv4!: number;
  @Column('integer', { name: 'quota_snapshots', default: 2_147_483_647 }) quotaSnapshots!: number;
  /** Held against what is used when another snapshot is asked for: they grow by themselves. */
  @Column('bigint', { name: 'quota_snapshot_bytes', transformer: asNumber, default: Number.MAX_SAFE_INTEGER })
  quotaSnapshotBytes!: number;

  @Column({ type: 'integer', name: 'used_servers', insert: false, update: false }) usedServers!: number;
  @Column({ type: 'numeric', name: 'used_cpus', transformer: asNumber, insert: false, update: false })
  usedCpus!: number;
  @Column({ type: 'bigint', name: 'used_ram_bytes', transformer: asNumber, insert: false, update: false })
  usedRamBytes!: number;
  @Column({ type: 'bigint', name: 'used_disk_bytes', transformer: asNumber, insert: false, update: false })
  usedDiskBytes!: number;
  @Column({ type: 'integer', name: 'used_ipv4', insert: false, update: false }) usedIpv4!: number;
  @Column({ type: 'integer', name: 'used_snapshots', insert: false, update: false }) usedSnapshots!: number;
  @Column({
    type: 'bigint',
    name: 'used_snapshot_bytes',
    transformer: asNumber,
    insert: false,
    update: false,
  })
  usedSnapshotBytes!: number;

  /** Of its suspension or termination, for people. */
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('timestamptz', { name: 'terminate_at', nullable: true }) terminateAt!: Date | null;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' }) updatedAt!: Date;
}
