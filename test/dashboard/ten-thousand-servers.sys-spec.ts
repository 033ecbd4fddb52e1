import { createDataSource } from '@berth/database';
import { fillFleet, makeWorld } from '@berth/testing';
import type { Page } from 'playwright-core';
import { DashboardBench } from './dashboard-bench';
import type { Window } from './browser';

jest.setTimeout(300_000);

const SERVERS = 10_000;
/** From the last key to the rows on the page: what the issue of a page that feels immediate asks for. */
const FILTER_MS = 300;
const ROUNDS = 4;
/** Of 10,000 rows, those in sight and some around them. */
const MOST_ROWS = 60;

describe('the list of 10,000 servers', () => {
  const bench = new DashboardBench();
  let dataSource: ReturnType<typeof createDataSource>;
  let window: Window;
  let page: Page;

  beforeAll(async () => {
    await bench.open('--hosts', '0', '--simulated', '3');
    // It would look for each of the servers on hosts that are none, and tell of it.
    process.kill(bench.stack.content().pids.worker[0]!, 'SIGSTOP');
    dataSource = createDataSource({
      url: bench.stack.content().postgresUrl,
      applicationName: 'test',
      poolSize: 2,
    });
    await dataSource.initialize();
    await fillFleet(dataSource, await makeWorld(dataSource), { servers: SERVERS, hosts: 100, tenants: 100 });
    window = await bench.signedIn('operator');
    page = window.page;
    await page.goto('/servers?sort=name');
    await page.getByText('10,000 entries').waitFor();
  });
  afterAll(async () => {
    await dataSource?.destroy();
    process.kill(bench.stack.content().pids.worker[0]!, 'SIGCONT');
    await bench.close();
  });
  afterEach(() => expect(window.complained()).toEqual([]));

  const rows = () => page.getByRole('table').getByRole('row');

  it('has only the rows in sight in the document, however far it is scrolled', async () => {
    await page.getByRole('link', { name: 'bulk-00000' }).waitFor();
    for (const share of [0.5, 1]) {
      await page.evaluate<void>(
        `{ const list = document.querySelector('[role=region][aria-label=Servers]'); list.scrollTop = list.scrollHeight * ${share}; }`,
      );
      await page
        .getByRole('link', { name: share === 1 ? 'bulk-09999' : /^bulk-050/ })
        .first()
        .waitFor();
      expect(await rows().count()).toBeLessThan(MOST_ROWS);
    }
  });

  /** Medians of rounds: what else the machine does makes them longer, never shorter. */
  it(`answers a filter in less than ${FILTER_MS} ms`, async () => {
    const medians: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const times = await filterTimes();
      console.info(`from the last key to the rows: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
      medians.push(times.sort((a, b) => a - b)[2]!);
    }
    expect(Math.min(...medians)).toBeLessThan(FILTER_MS);
  });

  async function filterTimes(): Promise<number[]> {
    const search = page.getByRole('searchbox', { name: 'Search servers' });
    const times: number[] = [];
    for (const [typed, found, total] of [
      ['bulk-0424', 'bulk-04242', '10 entries'],
      ['node777.', 'bulk-00777', '1 entry'],
      ['tenant 42', /^bulk-/, '100 entries'],
      ['order-123', 'bulk-00123', '11 entries'],
      ['bulk-09', 'bulk-09000', '1,000 entries'],
    ] as const) {
      const began = performance.now();
      await search.fill(typed);
      await page.getByText(total, { exact: true }).waitFor();
      times.push(performance.now() - began);
      await page.getByRole('link', { name: found }).first().waitFor();
    }
    return times;
  }
});
