import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** An address that is, or once was, a server's. Free ones (`serverId` null) are given out again, the longest free first. */
@Entity('addresses')
export class AddressEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id!: string;
  @Column('uuid', { name: 'pool_id' }) poolId!: string;
  @Column('inet') address!: string;
  @Column('integer') family!: 4 | 6;
  @Column('integer') prefix!: number;
  @Column('uuid', { name: 'server_id', nullable: true }) serverId!: string | null;
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId!: string | null;
  @Column('boolean', { name: 'is_primary' }) isPrimary!: boolean;
  @Column('text', { nullable: true }) rdns!: string | null;
  @Column('timestamptz', { name: 'assigned_at', nullable: true }) assignedAt!: Date | null;
  @Column('timestamptz', { name: 'released_at', nullable: true }) releasedAt!: Date | null;
}
