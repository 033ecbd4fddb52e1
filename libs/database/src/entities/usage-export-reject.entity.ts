import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A record that a sink refused. */
@Entity('usage_export_rejects')
export class UsageExportRejectEntity {
  @PrimaryColumn('text') sink!: string;
  @PrimaryColumn('text', { name: 'record_id' }) recordId!: string;
  @Column('text') error!: string;
  /** Whether it shall be sent again. */
  @Column('boolean') retry!: boolean;
}
