import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A browser that is signed in; only the hash of its cookie is kept. */
@Entity('sessions')
export class SessionEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'token_id' }) tokenId!: string;
  /** The token was made for this session alone, and is revoked with it. */
  @Column('boolean', { name: 'owns_token' }) ownsToken!: boolean;
  @Column('bytea') hash!: Buffer;
  @Column('text', { name: 'csrf_token' }) csrfToken!: string;
  /** For people. */
  @Column('text') name!: string;
  /** OIDC's `sub`; null where a token was typed in. */
  @Column('text', { nullable: true }) subject!: string | null;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @Column('timestamptz', { name: 'last_used_at', default: () => 'now()' }) lastUsedAt!: Date;
  @Column('integer', { name: 'idle_ms' }) idleMs!: number;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
}
