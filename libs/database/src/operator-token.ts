import type { EntityManager } from 'typeorm';
import { TokenEntity } from './entities/token.entity';
import { newId } from './new-id';
import { recordAudit } from './repositories/audit.repository';
import { newTokenSecret } from './token-secret';

/** Adds an operator token with every scope, and an audit event. @returns the secret, which can't be read again */
export async function insertOperatorToken(em: EntityManager, name: string): Promise<string> {
  const { secret, hash, prefix } = newTokenSecret();
  const id = newId();
  await em.insert(TokenEntity, {
    id,
    tenantId: null,
    role: 'operator',
    scopes: ['read', 'write'],
    name,
    hash,
    prefix,
    lastUsedAt: null,
    expiresAt: null,
    revokedAt: null,
  });
  await recordAudit(em, {
    actor: 'system',
    role: 'system',
    tenantId: null,
    action: 'token.create',
    targetType: 'token',
    targetId: id,
    requestId: `cli-${id}`,
    details: { name, role: 'operator', by: 'create-operator-token' },
  });
  return secret;
}
