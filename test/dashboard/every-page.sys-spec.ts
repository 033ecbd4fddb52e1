import { DashboardBench } from './dashboard-bench';
import type { Window } from './browser';

jest.setTimeout(300_000);

const bench = new DashboardBench();
/** What a path's `:name` stands for. */
const ids: Record<string, string> = {};

beforeAll(async () => {
  await bench.open('--hosts', '1', '--simulated', '3');
  const operator = bench.client('operator');
  const customer = bench.client('customer');
  const { server } = await customer.running({ name: 'looked-at', plan: 'nano', template: 'busybox' });
  const first = async (path: string, key: string) =>
    (await operator.ask<Record<string, { id: string }[]>>('GET', path))[key]![0]!.id;
  ids.server = server.id;
  ids.operation = await first(`/v1/operations?server_id=${server.id}`, 'operations');
  ids.host = await first('/v1/hosts?driver=lxc', 'hosts');
  ids.pool = await first('/v1/ip_pools?family=4', 'ip_pools');
  ids.tenant = bench.stack.content().tenantId;
  const snapshot = await customer.ask<{ operation: { id: string } }>(
    'POST',
    `/v1/servers/${server.id}/snapshots`,
    {},
  );
  await customer.done(snapshot.operation.id);
  const hook = { url: 'https://hooks.example.com/berth' };
  ids.webhook = (await customer.ask<{ webhook: { id: string } }>('POST', '/v1/webhooks', hook)).webhook.id;
});
afterAll(() => bench.close());

const shared = [
  '/servers',
  '/servers/order',
  ...['overview', 'charts', 'snapshots', 'network', 'resize', 'jobs', 'settings'].map(
    (tab) => `/servers/:server?tab=${tab}`,
  ),
  '/snapshots',
  '/operations',
  '/operations/:operation',
  '/usage',
  '/webhooks',
  '/webhooks/:webhook',
  '/tokens',
];
const pages = {
  customer: shared,
  // The same pages as the others': a sample of what it sees otherwise.
  billing: ['/servers', '/servers/order', '/usage', '/tenants', '/tenants/:tenant'],
  operator: [
    ...shared,
    '/overview',
    '/servers/:server?tab=migrate',
    '/hosts',
    '/hosts/enrol',
    '/hosts/:host',
    '/ip-pools',
    '/ip-pools/:pool',
    '/locations',
    '/drift',
    '/tenants',
    '/tenants/:tenant',
    '/plans',
    '/templates',
    '/audit',
  ],
};
const looks = [
  { name: 'light, at a desk', width: 1280, height: 900, dark: false },
  { name: 'dark, on a phone', width: 390, height: 780, dark: true },
];

const LOADING = '[aria-busy="true"], .mantine-Loader-root';
/** Evaluated in the page, px: what would have to be scrolled to sideways. */
const OVERHANG = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describe.each(Object.keys(pages) as (keyof typeof pages)[])('the pages of a %s', (role) => {
  describe.each(looks)('$name', (look) => {
    let window: Window;
    beforeAll(async () => (window = await bench.signedIn(role, look)));
    afterAll(() => window.close());

    it.each(pages[role])('%s', async (path) => {
      const { page } = window;
      await page.goto(path.replace(/:(\w+)/g, (_, name: string) => ids[name]!));
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator(LOADING).first().waitFor({ state: 'detached' });
      expect(await window.barriers()).toEqual([]);
      expect(await page.evaluate<number>(OVERHANG)).toBeLessThanOrEqual(0);
      expect(window.complained()).toEqual([]);
    });
  });
});
