import { createApi } from '@berth/api';
import { loadApiConfig } from '@berth/config';
import type { Role } from '@berth/contracts';
import { newId, newTokenSecret, TokenEntity } from '@berth/database';
import type { TestDatabase } from '@berth/testing';
import { BerthClient } from '../e2e/berth-client';

/** An API in this process, on a port of its own, for tests that look into its database and its hosts as well. */
export interface ApiUnderTest {
  /** Somebody with a token of this role; a customer of the tenant. */
  client(role: Role, tenantId?: string): Promise<BerthClient>;
  close(): Promise<void>;
}

/** `environment`: as the workers have it. */
export async function openApi(
  database: TestDatabase,
  environment: Record<string, string | undefined>,
): Promise<ApiUnderTest> {
  const app = await createApi(
    loadApiConfig({ ...environment, BERTH_API_PORT: '0', BERTH_LOG_LEVEL: 'fatal' }),
  );
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    client: async (role, tenantId) => {
      const { secret, hash, prefix } = newTokenSecret();
      await database.dataSource.manager.insert(TokenEntity, {
        id: newId(),
        tenantId: tenantId ?? null,
        role,
        scopes: ['read', 'write'],
        name: 'test',
        hash,
        prefix,
        lastUsedAt: null,
        expiresAt: null,
        revokedAt: null,
      });
      return new BerthClient(url, secret);
    },
    close: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
    },
  };
}
