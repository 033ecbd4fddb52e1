import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** What a server used since the sample before, and held then. Written by the sampler, many at once. */
@Entity('usage_samples')
export class UsageSampleEntity {
  @PrimaryColumn({ name: 'server_number', type: 'bigint', transformer: asNumber }) serverNumber!: number;
  @PrimaryColumn('timestamptz') at!: Date;
  @Column('bigint', { name: 'cpu_us', transformer: asNumber }) cpuUs!: number;
  @Column('bigint', { name: 'io_read_bytes', transformer: asNumber }) ioReadBytes!: number;
  @Column('bigint', { name: 'io_write_bytes', transformer: asNumber }) ioWriteBytes!: number;
  @Column('bigint', { name: 'net_in_bytes', transformer: asNumber }) netInBytes!: number;
  @Column('bigint', { name: 'net_out_bytes', transformer: asNumber }) netOutBytes!: number;
  /** Null: not counted. So the rest. */
  @Column('bigint', { name: 'disk_bytes', transformer: asNumber, nullable: true }) diskBytes!: number | null;
  @Column('bigint', { transformer: asNumber, nullable: true }) inodes!: number | null;
  /** Time that the sample tells of; 0 where none came before. */
  @Column('integer', { name: 'span_ms' }) spanMs!: number;
  /** Of 4 KiB; null while the server is stopped. */
  @Column('integer', { name: 'ram_pages', nullable: true }) ramPages!: number | null;
  @Column('integer', { name: 'swap_pages', nullable: true }) swapPages!: number | null;
  @Column('integer', { name: 'num_proc', nullable: true }) numProc!: number | null;
}
