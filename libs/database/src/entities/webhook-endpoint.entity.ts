import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** Where events are sent to. */
@Entity('webhook_endpoints')
export class WebhookEndpointEntity {
  @PrimaryColumn('uuid') id!: string;
  /** A tenant's own events; all tenants'; these and the provider's own. Who sees the endpoint goes by it as well. */
  @Column('text') audience!: 'tenant' | 'billing' | 'operator';
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId!: string | null;
  @Column('text') url!: string;
  /** Types, `server.*`, or `*`. */
  @Column('text', { array: true }) events!: string[];
  @Column('text') description!: string;
  @Column('boolean', { default: true }) enabled!: boolean;
  /** Why it was disabled by Berth; null where a person did it. */
  @Column('text', { name: 'disabled_reason', nullable: true }) disabledReason!: string | null;
  /** What happened before is not sent. */
  @Column('timestamptz', { name: 'active_since', default: () => 'clock_timestamp()' }) activeSince!: Date;
  /** Sealed for the workers: the API can't open it. */
  @Column('text', { name: 'secret_sealed', select: false }) secretSealed!: string;
  @Column('timestamptz', { name: 'previous_secret_until', nullable: true }) previousSecretUntil!: Date | null;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' }) updatedAt!: Date;
}
