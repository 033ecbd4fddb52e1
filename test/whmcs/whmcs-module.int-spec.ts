import { loadWorkerConfig } from '@berth/config';
import { generateSealingKeyPair, newId, PlanEntity, ServerEntity, TenantEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { SimulatedFleet } from '@berth/runtime';
import {
  createTestDatabase,
  eventually,
  makeWorld,
  testLimits,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { startWorker, type RunningWorker } from '@berth/worker';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BerthClient } from '../e2e/berth-client';
import { openApi, type ApiUnderTest } from '../resources/api-under-test';
import { callModule, lint, phpFiles, type ModuleCall, type ModuleOutcome } from './whmcs';

jest.setTimeout(300_000);

const PASSWORD = 'Sup3r"Secret\\9';
const fleet = new SimulatedFleet();
let dir: string;
let database: TestDatabase;
let world: World;
let bigPlan: string;
let api: ApiUnderTest;
let worker: RunningWorker;
let billing: BerthClient;
let services = 100;

beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 20 });
  dir = mkdtempSync(join(tmpdir(), 'berth-whmcs-'));
  const { publicKey, privateKey } = await generateSealingKeyPair();
  const environment = {
    BERTH_POSTGRES_URL: database.url,
    BERTH_REDIS_URL: process.env.BERTH_TEST_REDIS_URL,
    BERTH_QUEUE_PREFIX: `w${randomBytes(6).toString('hex')}`,
    BERTH_WORKER_PUBLIC_KEY: publicKey,
    BERTH_WORKER_PRIVATE_KEY: privateKey,
    BERTH_TEMPLATE_FILE_ROOTS: dir,
    BERTH_LOG_LEVEL: 'fatal',
    BERTH_RECONCILE_INTERVAL_MS: '500',
    BERTH_OBSERVE_INTERVAL_MS: '300',
    BERTH_USAGE_INTERVAL_MS: '300',
  };
  const image = join(dir, 'template.tar');
  writeFileSync(image, 'a template');
  const sha256 = createHash('sha256').update('a template').digest('hex');
  world = await makeWorld(database.dataSource, {
    cidr: '10.78.0.0/24',
    template: { source: `file://${image}`, sha256 },
  });
  bigPlan = `big-${newId().slice(-8)}`;
  const limits = { ...testLimits, ram_bytes: 1024 ** 3, disk_bytes: 4 * 1024 ** 3 };
  const { manager } = database.dataSource;
  await manager.save(
    manager.create(PlanEntity, { id: newId(), name: bigPlan, description: '', limits, deletedAt: null }),
  );
  api = await openApi(database, environment);
  worker = await startWorker({ config: loadWorkerConfig(environment), fleet, retryDelay: () => 10 });
  billing = await api.client('billing');
});
afterAll(async () => {
  await worker?.stop();
  await api?.close();
  await database?.drop();
  rmSync(dir, { recursive: true, force: true });
});

/** As WHMCS gives them to every function. */
function paramsOf(service: number, given: Record<string, unknown> = {}): Record<string, unknown> {
  const { hostname, port } = new URL(billing.origin);
  return {
    serviceid: service,
    userid: service + 1000,
    pid: 1,
    serverid: 7,
    domain: `Web${service}.example.com`,
    username: 'web',
    password: PASSWORD,
    serverhostname: hostname,
    serverip: '',
    serverport: port,
    serversecure: '',
    serveraccesshash: `${billing.token}\n`,
    configoption1: world.plan.name,
    configoption2: world.template.name,
    configoption3: world.location.name,
    configoption4: '60',
    configoption5: '1',
    configoptions: {},
    customfields: {},
    clientsdetails: { firstname: 'Zoë', lastname: 'O&#039;Neil <script>', companyname: '' },
    ...given,
  };
}

const call = (name: string, params: Record<string, unknown>): ModuleCall => ({
  function: `berth_${name}`,
  params,
});
const twice = (name: string, params: Record<string, unknown>) => [call(name, params), call(name, params)];

async function results(calls: ModuleCall[]): Promise<ModuleOutcome['results']> {
  const outcome = await callModule(calls);
  for (const line of outcome.log) {
    const text = JSON.stringify(line);
    // As they are, and as JSON would write them.
    for (const secret of [billing.token, PASSWORD, 'Secret']) expect(text).not.toContain(secret);
  }
  return outcome.results;
}

/** The one that isn't deleted. */
async function server(service: number): Promise<ServerEntity> {
  const externalId = `whmcs-service-${service}`;
  const found = await database.dataSource.manager.findBy(ServerEntity, { externalId });
  const alive = found.filter(({ deletedAt }) => deletedAt === null);
  expect(alive).toHaveLength(1);
  return alive[0]!;
}
const container = ({ hostId, number }: ServerEntity) =>
  fleet.store.readContainer(hostId, containerIdOf(number));

/** A service whose server runs. */
async function created(given: Record<string, unknown> = {}): Promise<[number, ServerEntity]> {
  const service = services++;
  expect(await results([call('CreateAccount', paramsOf(service, given))])).toEqual(['success']);
  return [service, await server(service)];
}

it('has no syntax error in any file', async () => {
  expect(phpFiles().length).toBeGreaterThan(7);
  for (const file of phpFiles()) await lint(file);
});

it('creates a server once, for a tenant of the client, and tells WHMCS its address', async () => {
  const service = services++;
  const params = paramsOf(service);
  const outcome = await callModule([
    ...twice('CreateAccount', params),
    // A service whose properties WHMCS lost is found by its external_id.
    call('CreateAccount', { ...params, model: false, password: 'AnotherPassword1' }),
  ]);
  expect(outcome.results).toEqual(['success', 'success', 'success']);
  const made = await server(service);
  expect(made).toMatchObject({ status: 'running', name: `web${service}`, hostname: `web${service}` });
  expect(container(made)).toMatchObject({ state: 'running', passwordHash: expect.any(String) });
  const tenant = await database.dataSource.manager.findOneByOrFail(TenantEntity, { id: made.tenantId });
  expect(tenant).toMatchObject({ externalId: `whmcs-client-${service + 1000}`, name: 'Zoë O Neil script' });
  const view = await billing.server(made.id);
  expect(outcome.localApi[0]).toEqual([
    'UpdateClientProduct',
    {
      serviceid: service,
      serviceusername: 'root',
      dedicatedip: view.addresses[0]!.address,
      assignedips: '',
    },
  ]);
  expect(outcome.properties).toEqual({ [service]: { 'Berth server ID': made.id } });
});

it('makes one server of two orders at once', async () => {
  const service = services++;
  const one = () => callModule([call('CreateAccount', paramsOf(service))]);
  const outcomes = await Promise.all([one(), one()]);
  expect(outcomes.map(({ results: [result] }) => result)).toEqual(['success', 'success']);
  await server(service);
  expect(await database.dataSource.manager.countBy(ServerEntity, { name: `web${service}` })).toBe(1);
});

it('says that an order is under way when it takes longer than it may, and goes on with it when asked again', async () => {
  const service = services++;
  await fleet.host(world.host.id).setLatency({ create: 1500 });
  const [first] = await results([call('CreateAccount', paramsOf(service, { configoption4: '0' }))]);
  expect(first).toMatch(/^under way, but not done within 0 s \(operation [0-9a-f-]{36}\): give the same/);
  await fleet.host(world.host.id).setLatency({});
  expect(await results([call('CreateAccount', paramsOf(service))])).toEqual(['success']);
  expect(await server(service)).toMatchObject({ status: 'running' });
});

it('says why an order failed, and that it did when asked again', async () => {
  const service = services++;
  await fleet.host(world.host.id).failNext('create', 'command_failed', { count: 20 });
  const [first, second] = await results(twice('CreateAccount', paramsOf(service)));
  await fleet.host(world.host.id).change((record) => {
    record.faults.failNext = [];
  });
  expect(first).toMatch(/^operation [0-9a-f-]{36} failed: .+\(command_failed\)$/);
  expect(second).toMatch(/could not be made: an operator can retry/);
  expect(await results(twice('TerminateAccount', paramsOf(service)))).toEqual(['success', 'success']);
});

it("takes the client's choices before the product's settings", async () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFhy4aTsFCD4sh5nIHDHMOwYr2PpQfB9Ue4m1gxWmVJz me@home';
  const given = { configoptions: { Plan: bigPlan, IPv4: '2' }, customfields: { 'SSH key': `${key}\r\n` } };
  const [, made] = await created(given);
  expect(made).toMatchObject({ ramBytes: 1024 ** 3, sshKeys: [key] });
  expect((await billing.server(made.id)).addresses.filter(({ family }) => family === 4)).toHaveLength(2);
});

it('changes package and password, twice in a row', async () => {
  const [service, before] = await created();
  const hash = container(before)!.passwordHash;
  const params = paramsOf(service, { configoption1: bigPlan, password: 'Another_0ne' });
  expect(await results([...twice('ChangePackage', params), ...twice('ChangePassword', params)])).toEqual(
    Array(4).fill('success'),
  );
  expect(await server(service)).toMatchObject({ ramBytes: 1024 ** 3, diskBytes: 4 * 1024 ** 3 });
  const after = container(before)!.passwordHash;
  expect(after).not.toBe(hash);
  const [refused] = await results([call('ChangePassword', paramsOf(service, { password: 'with:colon' }))]);
  expect(refused).toBe("the service's password must be 8–128 printable ASCII characters without a colon");
  expect(container(before)!.passwordHash).toBe(after);
});

it('starts, stops and restarts, and waits for what holds the server', async () => {
  const [service, made] = await created();
  const params = paramsOf(service);
  expect(await results(twice('stop', params))).toEqual(['success', 'success']);
  expect(container(made)).toMatchObject({ state: 'stopped' });
  expect(await results(twice('start', params))).toEqual(['success', 'success']);
  await fleet.host(world.host.id).setLatency({ stop: 1000 });
  await billing.ask('POST', `/v1/servers/${made.id}/actions/stop`);
  expect(await results(twice('restart', params))).toEqual(['success', 'success']);
  await fleet.host(world.host.id).setLatency({});
  expect(container(made)).toMatchObject({ state: 'running' });
});

it('suspends and unsuspends, twice in a row; a suspended server is not started by a button, nor by a renewal', async () => {
  const [service, made] = await created();
  const params = paramsOf(service, { suspendreason: 'Overdue on Payment; `reboot` <b>' });
  expect(await results(twice('SuspendAccount', params))).toEqual(['success', 'success']);
  expect(await server(service)).toMatchObject({ status: 'suspended' });
  const [renewed, started] = await results([call('Renew', params), call('start', params)]);
  expect(renewed).toBe('success');
  expect(started).toMatch(/is suspended: unsuspend the service first/);
  expect(await server(service)).toMatchObject({ status: 'suspended' });
  expect(await results(twice('UnsuspendAccount', params))).toEqual(['success', 'success']);
  expect(await server(service)).toMatchObject({ status: 'running' });
  expect(container(made)).toMatchObject({ state: 'running' });
});

it('terminates, twice in a row, also what is protected, and creates anew afterwards', async () => {
  const [service, made] = await created();
  await billing.act(made.id, 'change_protection', { delete: true });
  const params = paramsOf(service);
  // As it goes with bills that stay unpaid.
  expect(await results([call('SuspendAccount', params)])).toEqual(['success']);
  expect(await results(twice('TerminateAccount', params))).toEqual(['success', 'success']);
  expect(container(made)).toBeNull();
  const [suspended, resized] = await results([call('SuspendAccount', params), call('ChangePackage', params)]);
  expect([suspended, resized]).toEqual(
    Array(2).fill(`Berth has no server for service ${service}: it was not created yet, or it was deleted`),
  );
  expect(await results([call('CreateAccount', params)])).toEqual(['success']);
  expect((await server(service)).id).not.toBe(made.id);
});

it("keeps to the service's own server, whatever external_id customers give theirs", async () => {
  const [service, own] = await created();
  const [, foreign] = await created();
  const other = services++;
  await billing.ask('PATCH', `/v1/servers/${foreign.id}`, { external_id: `whmcs-service-${other}` });
  // Another client's order isn't answered with that server.
  expect(await results([call('CreateAccount', paramsOf(other))])).toEqual(['success']);
  const bearers = await database.dataSource.manager.findBy(ServerEntity, {
    externalId: `whmcs-service-${other}`,
  });
  expect(new Set(bearers.map(({ tenantId }) => tenantId)).size).toBe(2);
  // And a server without its external_id is found by the id that WHMCS keeps.
  await billing.ask('PATCH', `/v1/servers/${own.id}`, { external_id: null });
  const properties = { [service]: { 'Berth server ID': own.id } };
  const outcome = await callModule([call('TerminateAccount', paramsOf(service))], { properties });
  expect(outcome.results).toEqual(['success']);
  expect(container(own)).toBeNull();
});

it('tells WHMCS what all services of its server use', async () => {
  const [service, made] = await created();
  const [stranger, second] = await created();
  const row = { server: 7, domainstatus: 'Active', diskusage: 0 };
  await eventually('samples of both', async () => {
    const found: unknown[] = await database.dataSource.query(
      'SELECT 1 FROM usage_samples WHERE server_number = ANY ($1) GROUP BY server_number',
      [[made.number, second.number]],
    );
    return found.length === 2;
  });
  // What was metered of the hour before this one, which on the first of a month may be the last month's.
  const [{ counts }]: [{ counts: boolean }] = await database.dataSource.query(
    `SELECT date_trunc('hour', now(), 'UTC') > date_trunc('month', now(), 'UTC') AS counts`,
  );
  for (const [meter, megabytes] of Object.entries({ traffic_in: 30, traffic_out: 12, running_time: 99 })) {
    await database.dataSource.query(
      `INSERT INTO usage_records (id, tenant_id, server_id, meter, window_start, window_end, quantity, unit, incomplete)
       VALUES ($1, $2, $3, $4, date_trunc('hour', now(), 'UTC') - interval '1 hour', date_trunc('hour', now(), 'UTC'), $5, 'byte', false)`,
      [`${made.id}/${meter}`, made.tenantId, made.id, meter, megabytes * 1024 ** 2],
    );
  }
  const { results: answers, services: rows } = await callModule(
    twice('UsageUpdate', paramsOf(service, { serviceid: undefined })),
    {
      services: [
        { ...row, id: service, userid: service + 1000 },
        // The server of this number is another client's.
        { ...row, id: stranger, userid: 1 },
        { ...row, id: 99_999, userid: 1, domainstatus: 'Terminated' },
      ],
    },
  );
  expect(answers).toEqual(['success', 'success']);
  expect(rows[0]).toMatchObject({
    disklimit: 1024,
    bwlimit: 0,
    lastupdate: expect.stringMatching(/^\d{4}-/),
  });
  expect(rows[0]!.diskusage).toBeGreaterThan(0);
  expect(rows[0]!.bwusage).toBe(counts ? 42 : 0);
  expect(rows.slice(1).map((one) => one.lastupdate)).toEqual([undefined, undefined]);
});

it('tests the connection', async () => {
  const customer = await api.client('customer', world.tenant.id);
  const params = paramsOf(1);
  const answers = await results([
    ...twice('TestConnection', params),
    call('TestConnection', { ...params, serveraccesshash: customer.token }),
    call('TestConnection', { ...params, serveraccesshash: 'berth_nonsense' }),
    call('TestConnection', { ...params, serverport: '1' }),
    call('TestConnection', { ...params, serverhostname: '' }),
  ]);
  const good = { success: true, error: '' };
  expect(answers.slice(0, 2)).toEqual([good, good]);
  expect(answers.slice(2)).toEqual(
    [
      /^the access hash is a customer's token: make one with the role billing \(forbidden, request \S+\)$/,
      /\(unauthorized, request \S+\)$/,
      /^no answer of Berth at http:\/\/127.0.0.1:1: /,
      /needs a hostname/,
    ].map((error) => ({ success: false, error: expect.stringMatching(error) })),
  );
});

it('shows the client its server, and nothing that is not its business', async () => {
  const [service, made] = await created();
  const params = paramsOf(service);
  const [shown, , none, broken] = await results([
    ...twice('ClientArea', params),
    call('ClientArea', paramsOf(services++)),
    call('ClientArea', { ...params, serverport: '1' }),
  ]);
  expect(shown).toMatchObject({
    templatefile: 'clientarea',
    vars: { berthError: null, berth: { status: 'running', name: made.name, busy: false } },
  });
  expect(none).toMatchObject({ vars: { berth: null, berthError: null } });
  expect(broken).toMatchObject({ vars: { berth: null, berthError: expect.stringMatching(/not known/) } });
  expect(JSON.stringify(broken)).not.toContain('127.0.0.1');
});

it('offers what the installation has', async () => {
  const params = paramsOf(1);
  const names = ['MetaData', 'ConfigOptions', 'AdminCustomButtonArray', 'ClientAreaCustomButtonArray'];
  const [meta, options, admin, client, plans, templates, locations, failed] = (await results([
    ...names.map((name) => call(name, params)),
    ...['LoadPlans', 'LoadTemplates', 'LoadLocations'].map((name) => call(name, params)),
    call('LoadPlans', { ...params, serveraccesshash: 'berth_nonsense' }),
  ])) as Record<string, unknown>[];
  expect(meta).toMatchObject({ DisplayName: 'Berth', APIVersion: '1.1', RequiresServer: true });
  expect(Object.keys(options!)).toEqual(['Plan', 'Template', 'Location', 'Wait', 'IPv4 addresses']);
  expect([admin, client].map((buttons) => Object.values(buttons!))).toEqual(
    Array(2).fill(['start', 'stop', 'restart']),
  );
  expect(plans).toMatchObject({ [bigPlan]: bigPlan, [world.plan.name]: world.plan.name });
  expect(templates).toEqual({ [world.template.name]: world.template.name });
  expect(locations).toEqual({ '': 'Default', [world.location.name]: world.location.name });
  expect(failed).toEqual({ thrown: expect.stringMatching(/unauthorized, request/) });
});

it("passes the API's refusal on, with its request id", async () => {
  const [unknown, bad, none] = await results([
    call('CreateAccount', paramsOf(services++, { configoption1: 'no-such-plan' })),
    call('CreateAccount', paramsOf(services++, { configoption5: '17' })),
    call('CreateAccount', paramsOf(services++, { configoption2: '' })),
  ]);
  expect(unknown).toMatch(/no-such-plan.*\((invalid_input|not_found), request \S+\)$/);
  expect(bad).toMatch(/ipv4 .*\(invalid_input, request \S+\)$/);
  expect(none).toBe('the product has no Template: choose one in its module settings');
});
