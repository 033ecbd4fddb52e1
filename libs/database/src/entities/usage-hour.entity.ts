import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/**
 * What a server used in one hour (UTC), by the samples taken in it. Each sample is in one hour; what was used in a gap is in
 * the hour of the sample that ended it. Averages: `…Sum` by `…Samples`.
 */
@Entity('usage_hours')
export class UsageHourEntity {
  @PrimaryColumn({ name: 'server_number', type: 'bigint', transformer: asNumber }) serverNumber!: number;
  @PrimaryColumn('timestamptz') hour!: Date;
  @Column('integer') samples!: number;
  /** Time that the samples tell of; above an hour where a gap ended in it. */
  @Column('bigint', { name: 'span_ms', transformer: asNumber }) spanMs!: number;
  /** Of that, as far as the samples found the server running. */
  @Column('bigint', { name: 'up_ms', transformer: asNumber }) upMs!: number;
  @Column('bigint', { name: 'cpu_us', transformer: asNumber }) cpuUs!: number;
  @Column('bigint', { name: 'io_read_bytes', transformer: asNumber }) ioReadBytes!: number;
  @Column('bigint', { name: 'io_write_bytes', transformer: asNumber }) ioWriteBytes!: number;
  @Column('bigint', { name: 'net_in_bytes', transformer: asNumber }) netInBytes!: number;
  @Column('bigint', { name: 'net_out_bytes', transformer: asNumber }) netOutBytes!: number;
  @Column('numeric', { name: 'ram_bytes_sum', transformer: asNumber }) ramBytesSum!: number;
  @Column('numeric', { name: 'swap_bytes_sum', transformer: asNumber }) swapBytesSum!: number;
  @Column('numeric', { name: 'disk_bytes_sum', transformer: asNumber }) diskBytesSum!: number;
  @Column('numeric', { name: 'inodes_sum', transformer: asNumber }) inodesSum!: number;
  @Column('bigint', { name: 'num_proc_sum', transformer: asNumber }) numProcSum!: number;
  @Column('integer', { name: 'ram_samples' }) ramSamples!: number;
  @Column('integer', { name: 'swap_samples' }) swapSamples!: number;
  @Column('integer', { name: 'disk_samples' }) diskSamples!: number;
  @Column('integer', { name: 'inodes_samples' }) inodesSamples!: number;
  @Column('integer', { name: 'num_proc_samples' }) numProcSamples!: number;
  @Column('bigint', { name: 'ram_bytes_max', transformer: asNumber, nullable: true }) ramBytesMax!:
    number | null;
  @Column('bigint', { name: 'swap_bytes_max', transformer: asNumber, nullable: true }) swapBytesMax!:
    number | null;
  @Column('bigint', { name: 'disk_bytes_max', transformer: asNumber, nullable: true }) diskBytesMax!:
    number | null;
  @Column('bigint', { name: 'inodes_max', transformer: asNumber, nullable: true }) inodesMax!: number | null;
  @Column('integer', { name: 'num_proc_max', nullable: true }) numProcMax!: number | null;
}
