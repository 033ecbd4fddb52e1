import { loadApiConfig } from './api-config';
import { loadDatabaseConfig } from './database-config';
import { EnvironmentError } from './environment-error';
import type { Environment } from './read-environment';
import { loadWorkerConfig } from './worker-config';

const KEY = Buffer.alloc(32, 7).toString('base64');

const minimal: Environment = {
  BERTH_POSTGRES_URL: 'postgres://user:s3cret@127.0.0.1:5432/berth',
  BERTH_REDIS_URL: 'redis://:s3cret@127.0.0.1:6379/0',
  BERTH_WORKER_PUBLIC_KEY: KEY,
  BERTH_WORKER_PRIVATE_KEY: KEY,
};

function problemsOf(load: (env: Environment) => unknown, env: Environment): string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems.map(({ variable }) => variable).sort();
    throw error;
  }
  return [];
}

describe('the environment', () => {
  it('needs few variables; the others have defaults', () => {
    expect(loadApiConfig(minimal)).toEqual({
      postgresUrl: minimal.BERTH_POSTGRES_URL,
      redisUrl: minimal.BERTH_REDIS_URL,
      dbPoolSize: 20,
      queuePrefix: 'berth',
      logLevel: 'info',
      shutdownTimeoutMs: 30_000,
      webhookAllowPrivate: [],
      host: '127.0.0.1',
      port: 8080,
      publicUrl: null,
      workerPublicKey: KEY,
      rateLimitPerHour: 3600,
      rateLimitExemptRoles: ['operator', 'billing'],
      bodyLimitBytes: 262_144,
      consoleIdleMs: 900_000,
      templateFileRoots: [],
      sessionMaxAgeMs: 43_200_000,
      sessionIdleMs: 7_200_000,
      dashboardDir: null,
      oidc: null,
    });
    expect(loadWorkerConfig(minimal)).toMatchObject({
      healthPort: null,
      concurrency: 20,
      operationLeaseMs: 15_000,
      reconcileIntervalMs: 10_000,
      observeIntervalMs: 2_000,
      fault: null,
    });
  });

  it('reads lists, directories and the fault of a test', () => {
    const env = {
      ...minimal,
      BERTH_RATE_LIMIT_EXEMPT_ROLES: ' operator , customer',
      BERTH_TEMPLATE_FILE_ROOTS: '/srv/templates:/var/cache/berth',
      BERTH_WORKER_FAULT: 'create_server.start_container:after',
    };
    expect(loadApiConfig(env).rateLimitExemptRoles).toEqual(['operator', 'customer']);
    expect(loadApiConfig(env).templateFileRoots).toEqual(['/srv/templates', '/var/cache/berth']);
    expect(loadWorkerConfig(env).fault).toEqual({
      kind: 'create_server',
      step: 'start_container',
      when: 'after',
    });
  });

  it('sends usage nowhere but where it is told to, with a token', () => {
    expect(loadWorkerConfig(minimal).usageExport).toEqual({ sinks: [], since: null, intervalMs: 60_000 });
    const env = {
      ...minimal,
      BERTH_USAGE_EXPORT: 'stripe, openmeter,stripe',
      BERTH_USAGE_EXPORT_SINCE: '2026-02-01T00:00:00+01:00',
      BERTH_OPENMETER_URL: 'http://127.0.0.1:8888/',
    };
    expect(problemsOf(loadWorkerConfig, env)).toEqual(['BERTH_OPENMETER_TOKEN', 'BERTH_STRIPE_TOKEN']);
    const tokens = { BERTH_OPENMETER_TOKEN: 'om', BERTH_STRIPE_TOKEN: 'sk' };
    expect(loadWorkerConfig({ ...env, ...tokens }).usageExport).toEqual({
      sinks: [
        { name: 'stripe', url: 'https://api.stripe.com', token: 'sk' },
        { name: 'openmeter', url: 'http://127.0.0.1:8888', token: 'om' },
      ],
      since: new Date('2026-01-31T23:00:00Z'),
      intervalMs: 60_000,
    });
    expect(problemsOf(loadWorkerConfig, { ...minimal, BERTH_USAGE_EXPORT: 'paypal' })).toEqual([
      'BERTH_USAGE_EXPORT',
    ]);
  });

  it('signs in by OIDC where it is told how, and says what is missing for it', () => {
    const half = { ...minimal, BERTH_OIDC_ISSUER: 'https://id.example.org/realms/berth' };
    expect(problemsOf(loadApiConfig, half)).toEqual([
      'BERTH_OIDC_CLIENT_ID',
      'BERTH_OIDC_OPERATOR_VALUES',
      'BERTH_PUBLIC_URL',
    ]);
    expect(problemsOf(loadApiConfig, { ...minimal, BERTH_OIDC_CLIENT_ID: 'berth' })).toEqual([
      'BERTH_OIDC_ISSUER',
    ]);
    const whole = {
      ...half,
      BERTH_OIDC_CLIENT_ID: 'berth',
      BERTH_PUBLIC_URL: 'https://panel.example.org',
      BERTH_OIDC_OPERATOR_VALUES: 'ops, berth-admins',
    };
    expect(loadApiConfig(whole).oidc).toEqual({
      issuer: 'https://id.example.org/realms/berth',
      clientId: 'berth',
      clientSecret: null,
      name: 'single sign-on',
      scopes: 'openid profile email',
      roleClaim: 'groups',
      operatorValues: ['ops', 'berth-admins'],
      billingValues: [],
      tenantClaim: null,
    });
    const issuedBy = (issuer: string) => problemsOf(loadApiConfig, { ...whole, BERTH_OIDC_ISSUER: issuer });
    for (const issuer of ['http://127.0.0.1:4000', 'http://localhost', 'http://[::1]:4000/x'])
      expect(issuedBy(issuer)).toEqual([]);
    for (const issuer of [
      'http://id.example.org',
      'http://127.0.0.1.example.org',
      'https://id.example.org/?a',
    ])
      expect(issuedBy(issuer)).toEqual(['BERTH_OIDC_ISSUER']);
  });

  it('counts an empty value as not set', () => {
    expect(loadApiConfig({ ...minimal, BERTH_API_PORT: '', BERTH_PUBLIC_URL: '' })).toMatchObject({
      port: 8080,
      publicUrl: null,
    });
    expect(problemsOf(loadDatabaseConfig, { BERTH_POSTGRES_URL: '' })).toEqual(['BERTH_POSTGRES_URL']);
  });

  it('names every missing variable at once', () => {
    expect(problemsOf(loadWorkerConfig, {})).toEqual([
      'BERTH_POSTGRES_URL',
      'BERTH_REDIS_URL',
      'BERTH_WORKER_PRIVATE_KEY',
      'BERTH_WORKER_PUBLIC_KEY',
    ]);
    expect(() => loadDatabaseConfig({})).toThrow(/BERTH_POSTGRES_URL: is missing/);
  });

  it.each([
    ['BERTH_POSTGRES_URL', 'mysql://user:hunter2@db/berth'],
    ['BERTH_POSTGRES_URL', 'hunter2'],
    ['BERTH_REDIS_URL', 'http://hunter2'],
    ['BERTH_API_PORT', '65536'],
    ['BERTH_API_PORT', '80hunter2'],
    ['BERTH_API_PORT', '-1'],
    ['BERTH_DB_POOL_SIZE', '0'],
    ['BERTH_LOG_LEVEL', 'hunter2'],
    ['BERTH_QUEUE_PREFIX', 'hunter2:'],
    ['BERTH_PUBLIC_URL', 'ftp://hunter2'],
    ['BERTH_WORKER_PUBLIC_KEY', 'hunter2'],
    ['BERTH_WORKER_PUBLIC_KEY', Buffer.from('hunter2'.repeat(5)).toString('base64')],
    ['BERTH_RATE_LIMIT_EXEMPT_ROLES', 'operator,hunter2'],
    ['BERTH_TEMPLATE_FILE_ROOTS', '/srv:hunter2'],
    ['BERTH_SESSION_IDLE_MS', '1hunter2'],
    ['BERTH_DASHBOARD_DIR', 'hunter2'],
    ['BERTH_OIDC_ISSUER', 'http://hunter2'],
    ['BERTH_OIDC_SCOPES', 'hunter2'],
    ['BERTH_OIDC_CLIENT_SECRET', 'hunter2\n'],
  ])('refuses a wrong %s (%#) by name, without its value', (variable, value) => {
    const load = () => loadApiConfig({ ...minimal, [variable]: value });
    expect(load).toThrow(EnvironmentError);
    expect(load).toThrow(new RegExp(`${variable}: must be`));
    expect(load).not.toThrow(/hunter2|s3cret/);
  });

  it.each(['create_server', 'create_server.start', 'create_server.start:during', 'Create.start:after'])(
    'refuses the fault %s',
    (fault) => {
      expect(problemsOf(loadWorkerConfig, { ...minimal, BERTH_WORKER_FAULT: fault })).toEqual([
        'BERTH_WORKER_FAULT',
      ]);
    },
  );
});
