import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

export type TemplateCompression = 'none' | 'gzip' | 'xz' | 'zstd';

/** A root file system's tarball that servers are made of. */
@Entity('templates')
export class TemplateEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column('text') description!: string;
  /** `https://…` or `file:///…`, read by the worker. */
  @Column('text') source!: string;
  @Column('text') sha256!: string;
  @Column('text') compression!: TemplateCompression;
  @Column('text') architecture!: string;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
