import { eventually } from '@berth/testing';
import { openLiveStream } from '../testing/live-stream';
import { startTestApi, type TestApi } from '../testing/test-api';

const ORDERS = 1000;
const VIEWERS = 50;
const AT_ONCE = 16;
/** Single messages of one kind: audience.ts. */
const PER_SECOND = 30;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(
    {},
    { host: { capacityCpus: 10_000, capacityRamBytes: 2 ** 44, capacityDiskBytes: 2 ** 50 } },
  );
});
afterAll(() => api.close());

/** Orders, and what they cost: wall time and this process's CPU time (the clients' included), ms. */
async function storm(prefix: string, orders = ORDERS): Promise<{ ms: number; cpuMs: number }> {
  const { plan, template, location } = api.world;
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  let next = 0;
  const orderer = async () => {
    while (next < orders) {
      const name = `${prefix}-${next++}`;
      const body = { name, plan: plan.name, template: template.name, location: location.name };
      expect((await api.request('POST', '/v1/servers', { body })).status).toBe(202);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, orderer));
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - began, cpuMs: (user + system) / 1000 };
}

it(`costs little with ${VIEWERS} viewers of ${ORDERS} orders, and leaves none of them with something old`, async () => {
  await storm('warm', 200);
  const alone = await storm('alone');
  const viewers = await Promise.all(
    Array.from({ length: VIEWERS }, (_, i) =>
      openLiveStream(api.url, i % 2 ? api.tokens.operator : api.tokens.customer),
    ),
  );
  const watched = await storm('watched');
  await api.request('POST', '/v1/tokens', { body: { name: 'the last change' } });
  await eventually('the last change', () =>
    viewers.every((viewer) => viewer.of('changed').some(({ resources }) => resources.includes('tokens'))),
  );
  const most = 2 * PER_SECOND + (PER_SECOND * watched.ms) / 1000;
  for (const viewer of viewers) {
    for (const [kind, resource] of [
      ['operation', 'operations'],
      ['server', 'servers'],
    ] as const) {
      const told = viewer.of(kind);
      expect(told.length).toBeLessThan(most);
      // On a slow machine they come slowly enough to be told one by one.
      const overflowed = viewer.of('overflow').some(({ resources }) => resources.includes(resource));
      expect(overflowed || new Set(told.map(({ id }) => id)).size === ORDERS).toBe(true);
    }
    viewer.close();
  }
  if (process.env.BERTH_TEST_FIGURES) console.log('a storm', { alone, watched, bytes: viewers[0]!.bytes });
}, 600_000);
