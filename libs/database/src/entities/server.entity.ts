import type { Device, Feature, Limits, ServerStatus, Suspensions } from '@berth/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** A customer's server. `status` is written by the end of an operation and by the observer only. */
@Entity('servers')
export class ServerEntity {
  @PrimaryColumn('uuid') id!: string;
  /** Names the container: see containerIdOf. */
  @Column({ type: 'bigint', transformer: asNumber, insert: false, update: false }) number!: number;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('uuid', { name: 'location_id' }) locationId!: string;
  @Column('uuid', { name: 'host_id' }) hostId!: string;
  @Column('uuid', { name: 'plan_id' }) planId!: string;
  @Column('uuid', { name: 'template_id' }) templateId!: string;
  @Column('text') name!: string;
  @Column('text') hostname!: string;
  @Column('text') status!: ServerStatus;
  /** Frozen to its host's disk; never but with status `frozen`. Ends by itself with that status. */
  @Column('boolean', { default: false }) checkpointed!: boolean;
  /** What it shall be after its host's boot. */
  @Column('text', { name: 'desired_state' }) desiredState!: 'running' | 'stopped';
  @Column('jsonb') limits!: Limits;
  /** The three that it is accounted for: see demandOf. */
  @Column('numeric', { transformer: asNumber }) cpus!: number;
  @Column('bigint', { name: 'ram_bytes', transformer: asNumber }) ramBytes!: number;
  @Column('bigint', { name: 'disk_bytes', transformer: asNumber }) diskBytes!: number;
  @Column('integer', { name: 'id_slot' }) idSlot!: number;
  @Column('text', { name: 'ssh_keys', array: true }) sshKeys!: string[];
  @Column('text', { array: true }) features!: Feature[];
  @Column('jsonb') devices!: Device[];
  @Column('jsonb') labels!: Record<string, string>;
  @Column('text', { name: 'external_id', nullable: true }) externalId!: string | null;
  @Column('text', { name: 'order_digest', nullable: true }) orderDigest!: string | null;
  @Column('boolean') onboot!: boolean;
  @Column('integer', { name: 'boot_order' }) bootOrder!: number;
  @Column('boolean', { name: 'protection_delete' }) protectionDelete!: boolean;
  /** By cause; empty: not suspended. The status follows by operations. */
  @Column('jsonb', { default: {} }) suspension!: Suspensions;
  /** When a worker deletes it. */
  @Column('timestamptz', { name: 'terminate_at', nullable: true }) terminateAt!: Date | null;
  /** Of a termination: still to be taken. */
  @Column('boolean', { name: 'final_snapshot', default: false }) finalSnapshot!: boolean;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
