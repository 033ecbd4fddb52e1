import { randomBytes } from 'node:crypto';
import type { ApiConfig } from '@berth/config';
import type { Role, Scope } from '@berth/contracts';
import {
  generateSealingKeyPair,
  newId,
  newTokenSecret,
  type SealingKeyPair,
  TokenEntity,
} from '@berth/database';
import { createTestDatabase, makeWorld, type TestDatabase, type World } from '@berth/testing';
import { listen } from '../listen';
import { createApi } from '../create-api';

/** An answer, its body parsed where it is JSON. */
export interface TestAnswer {
  status: number;
  headers: Headers;
  // The tests look into bodies freely: that is what they are for.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface TestRequest {
  token?: string | null;
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
}

/** A real API on a port of its own, with a database of its own and two tenants. */
export interface TestApi {
  url: string;
  config: ApiConfig;
  keys: SealingKeyPair;
  database: TestDatabase;
  world: World;
  tokens: { operator: string; billing: string; customer: string };
  /** `customer`'s unless another token is given; null sends none. */
  request(method: string, path: string, options?: TestRequest): Promise<TestAnswer>;
  makeToken(role: Role, tenantId: string | null, scopes?: Scope[]): Promise<string>;
  /** Rows of every table: what a refused request must not change. */
  rowCounts(): Promise<Record<string, number>>;
  /** As on SIGTERM: running requests end by themselves. */
  endGracefully(): Promise<void>;
  close(): Promise<void>;
}

async function makeToken(
  database: TestDatabase,
  role: Role,
  tenantId: string | null,
  scopes: Scope[],
): Promise<string> {
  const { secret, hash, prefix } = newTokenSecret();
  const em = database.dataSource.manager;
  await em.insert(TokenEntity, {
    id: newId(),
    tenantId,
    role,
    scopes,
    name: `test ${role}`,
    hash,
    prefix,
    lastUsedAt: null,
    expiresAt: null,
    revokedAt: null,
  });
  return secret;
}

async function rowCounts(database: TestDatabase): Promise<Record<string, number>> {
  const tables: { name: string }[] = await database.dataSource.query(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row]: { count: string }[] = await database.dataSource.query(`SELECT count(*) FROM "${name}"`);
    counts[name] = Number(row!.count);
  }
  return counts;
}

async function send(url: string, method: string, path: string, token: string | null, options: TestRequest) {
  const payload = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(payload !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    },
    body: payload as never,
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Starts it; `given` overrides the configuration. */
export async function startTestApi(
  given: Partial<ApiConfig> = {},
  worldOptions: Parameters<typeof makeWorld>[1] = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  const keys = await generateSealingKeyPair();
  const config: ApiConfig = {
    postgresUrl: database.url,
    redisUrl: process.env.BERTH_TEST_REDIS_URL ?? '',
    dbPoolSize: 10,
    queuePrefix: `t${randomBytes(6).toString('hex')}`,
    logLevel: 'silent',
    shutdownTimeoutMs: 5000,
    webhookAllowPrivate: [],
    host: '127.0.0.1',
    port: 0,
    publicUrl: null,
    workerPublicKey: keys.publicKey,
    rateLimitPerHour: 1_000_000,
    rateLimitExemptRoles: ['operator', 'billing'],
    bodyLimitBytes: 262_144,
    consoleIdleMs: 900_000,
    templateFileRoots: ['/srv/templates'],
    sessionMaxAgeMs: 43_200_000,
    sessionIdleMs: 7_200_000,
    dashboardDir: null,
    oidc: null,
    ...given,
  };
  const app = await createApi(config);
  await listen(app, config.port, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const world = await makeWorld(database.dataSource, worldOptions);
  const make = (role: Role, tenantId: string | null, scopes: Scope[] = ['read', 'write']) =>
    makeToken(database, role, tenantId, scopes);
  const tokens = {
    operator: await make('operator', null),
    billing: await make('billing', null),
    customer: await make('customer', world.tenant.id),
  };
  return {
    url,
    config,
    keys,
    database,
    world,
    tokens,
    makeToken: make,
    request: (method, path, options = {}) =>
      send(url, method, path, options.token === undefined ? tokens.customer : options.token, options),
    rowCounts: () => rowCounts(database),
    endGracefully: () => app.close(),
    close: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
      await database.drop();
    },
  };
}
