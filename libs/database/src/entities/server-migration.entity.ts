import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** A server's way from host to host, by its operation. While it is under way both hosts account for the server. */
@Entity('server_migrations')
export class ServerMigrationEntity {
  @PrimaryColumn('uuid', { name: 'operation_id' }) operationId!: string;
  @Column('uuid', { name: 'server_id' }) serverId!: string;
  @Column('uuid', { name: 'source_host_id' }) sourceHostId!: string;
  @Column('uuid', { name: 'target_host_id' }) targetHostId!: string;
  /** Where room is held beside the server's own: on the target, and from the move on at the source. */
  @Column('uuid', { name: 'holds_on' }) holdsOn!: string;
  @Column('numeric', { transformer: asNumber }) cpus!: number;
  @Column('bigint', { name: 'ram_bytes', transformer: asNumber }) ramBytes!: number;
  /** Its snapshots' included. */
  @Column('bigint', { name: 'disk_bytes', transformer: asNumber }) diskBytes!: number;
  /** The operation of its own that removes what is left at the source, where that didn't answer at the end. */
  @Column('uuid', { name: 'left_to', nullable: true }) leftTo!: string | null;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
}
