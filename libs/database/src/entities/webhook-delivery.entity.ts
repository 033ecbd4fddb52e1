import type { WebhookDeliveryStatus } from '@berth/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** An event on its way to an endpoint, and how that went. */
@Entity('webhook_deliveries')
export class WebhookDeliveryEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'endpoint_id' }) endpointId!: string;
  @Column('uuid', { name: 'event_id' }) eventId!: string;
  @Column('bigint', { name: 'event_seq', transformer: asNumber }) eventSeq!: number;
  /** The delivery that was asked for again. */
  @Column('uuid', { name: 'redelivery_of', nullable: true }) redeliveryOf!: string | null;
  @Column('text') status!: WebhookDeliveryStatus;
  @Column('integer') attempts!: number;
  @Column('timestamptz', { name: 'last_attempt_at', nullable: true }) lastAttemptAt!: Date | null;
  /** Null where it is not pending, or waits behind an earlier event of its server. */
  @Column('timestamptz', { name: 'next_attempt_at', nullable: true }) nextAttemptAt!: Date | null;
  @Column('integer', { name: 'response_status', nullable: true }) responseStatus!: number | null;
  /** Its beginning. */
  @Column('text', { name: 'response_body', nullable: true }) responseBody!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('integer', { name: 'duration_ms', nullable: true }) durationMs!: number | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt!: Date | null;
}
