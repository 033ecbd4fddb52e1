import type { Capability, DriverName, HostState } from '@berth/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** A machine that runs containers. `used…` is written by the database's triggers only. */
@Entity('hosts')
export class HostEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column('text') driver!: DriverName;
  @Column('uuid', { name: 'location_id' }) locationId!: string;
  @Column('text') address!: string;
  @Column('integer') port!: number;
  @Column('text') user!: string;
  /** `SHA256:…` as ssh-keygen prints it; learnt at enrolment where it was not given. */
  @Column('text', { name: 'host_key_fingerprint', nullable: true }) hostKeyFingerprint!: string | null;
  /** Sealed for the workers: the API can't open it. */
  @Column('text', { name: 'private_key_sealed', nullable: true, select: false }) privateKeySealed!:
    string | null;
  @Column('text') state!: HostState;
  @Column('boolean') reachable!: boolean;
  @Column('timestamptz', { name: 'last_seen_at', nullable: true }) lastSeenAt!: Date | null;
  @Column('text', { name: 'last_error', nullable: true }) lastError!: string | null;
  @Column('text', { name: 'boot_id', nullable: true }) bootId!: string | null;
  @Column('text', { nullable: true }) architecture!: string | null;
  @Column('jsonb', { nullable: true }) facts!: Record<string, unknown> | null;
  @Column('text', { array: true }) capabilities!: Capability[];

  @Column('numeric', { name: 'stated_cpus', transformer: asNumber, nullable: true }) statedCpus!:
    number | null;
  @Column('bigint', { name: 'stated_ram_bytes', transformer: asNumber, nullable: true }) statedRamBytes!:
    number | null;
  @Column('bigint', { name: 'stated_disk_bytes', transformer: asNumber, nullable: true }) statedDiskBytes!:
    number | null;
  @Column('numeric', { name: 'capacity_cpus', transformer: asNumber }) capacityCpus!: number;
  @Column('bigint', { name: 'capacity_ram_bytes', transformer: asNumber }) capacityRamBytes!: number;
  @Column('bigint', { name: 'capacity_disk_bytes', transformer: asNumber }) capacityDiskBytes!: number;
  @Column('numeric', { name: 'overcommit_cpus', transformer: asNumber }) overcommitCpus!: number;
  @Column('numeric', { name: 'overcommit_ram', transformer: asNumber }) overcommitRam!: number;
  @Column('numeric', { name: 'overcommit_disk', transformer: asNumber }) overcommitDisk!: number;

  @Column({ type: 'integer', name: 'used_servers', insert: false, update: false }) usedServers!: number;
  @Column({ type: 'numeric', name: 'used_cpus', transformer: asNumber, insert: false, update: false })
  usedCpus!: number;
  @Column({ type: 'bigint', name: 'used_ram_bytes', transformer: asNumber, insert: false, update: false })
  usedRamBytes!: number;
  @Column({ type: 'bigint', name: 'used_disk_bytes', transformer: asNumber, insert: false, update: false })
  usedDiskBytes!: number;

  @Column('text', { name: 'observer_id', nullable: true }) observerId!: string | null;
  @Column('timestamptz', { name: 'observer_until', nullable: true }) observerUntil!: Date | null;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' }) updatedAt!: Date;
}
