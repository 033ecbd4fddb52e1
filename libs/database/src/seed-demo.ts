import type { Role } from '@berth/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { defaultPlans } from './default-plans';
import { PlanEntity } from './entities/plan.entity';
import { TenantEntity } from './entities/tenant.entity';
import { TokenEntity } from './entities/token.entity';
import { newId } from './new-id';
import { newTokenSecret } from './token-secret';
import { inTransaction } from './transaction';

export interface SeededDemo {
  operatorToken: string;
  billingToken: string;
  customerToken: string;
  tenantId: string;
}

const GIB = 1024 ** 3;

async function makeToken(em: EntityManager, role: Role, tenantId: string | null): Promise<string> {
  const { secret, hash, prefix } = newTokenSecret();
  await em.insert(TokenEntity, {
    id: newId(),
    tenantId,
    role,
    scopes: ['read', 'write'],
    name: `demo ${role}`,
    hash,
    prefix,
    lastUsedAt: null,
    expiresAt: null,
    revokedAt: null,
  });
  return secret;
}

async function demoTenant(em: EntityManager): Promise<string> {
  const existing = await em.findOneBy(TenantEntity, { externalId: 'demo' });
  if (existing) return existing.id;
  const id = newId();
  await em.insert(TenantEntity, {
    id,
    name: 'demo',
    externalId: 'demo',
    status: 'active',
    quotaServers: 1000,
    quotaCpus: 4000,
    quotaRamBytes: 4000 * GIB,
    quotaDiskBytes: 40_000 * GIB,
    quotaIpv4: 1000,
  });
  return id;
}

/**
 * What the first request needs: location `lab`, the default plans, tenant `demo` and a token of each role.
 * What exists is left as it is; the tokens are new each time, since a secret can't be read again.
 */
export async function seedDemo(dataSource: DataSource): Promise<SeededDemo> {
  return inTransaction(dataSource, async (em) => {
    await em.query('INSERT INTO locations (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [
      newId(),
      'lab',
    ]);
    for (const plan of defaultPlans) {
      const exists = await em.existsBy(PlanEntity, { name: plan.name });
      if (!exists) await em.insert(PlanEntity, { id: newId(), ...plan, deletedAt: null } as never);
    }
    const tenantId = await demoTenant(em);
    return {
      operatorToken: await makeToken(em, 'operator', null),
      billingToken: await makeToken(em, 'billing', null),
      customerToken: await makeToken(em, 'customer', tenantId),
      tenantId,
    };
  });
}
