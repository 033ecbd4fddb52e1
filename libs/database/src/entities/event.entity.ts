import type { EventType } from '@berth/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../column-types';

/** Something that happened. Written by triggers and `recordEvent`, never changed. */
@Entity('events')
export class EventEntity {
  @PrimaryColumn('uuid') id!: string;
  /** Order of writing. */
  @Column({ type: 'bigint', transformer: asNumber, insert: false, update: false }) seq!: number;
  @Column('timestamptz') at!: Date;
  @Column('text') type!: EventType;
  /** Null: of the provider alone. */
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId!: string | null;
  @Column('uuid', { name: 'server_id', nullable: true }) serverId!: string | null;
  /** `servers/<id>`, `operations/<id>`, `tenants/<id>` … */
  @Column('text') subject!: string;
  @Column('jsonb') data!: Record<string, unknown>;
}
