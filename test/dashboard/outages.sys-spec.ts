import type { Page } from 'playwright-core';
import { eventually } from '@berth/testing';
import { DashboardBench } from './dashboard-bench';
import type { Window } from './browser';

jest.setTimeout(300_000);

/** What somebody sees whose platform breaks down in front of them. */
describe('the dashboard, when something dies', () => {
  const bench = new DashboardBench();
  let window: Window;
  let page: Page;

  beforeAll(async () => {
    await bench.open('--hosts', '2');
    window = await bench.signedIn('operator');
    page = window.page;
  });
  afterAll(() => bench.close());

  const live = (name: RegExp) => page.getByRole('banner').getByRole('status', { name });

  it('shows that a move waits for another worker, and then how it goes on', async () => {
    const customer = bench.client('customer');
    const { server } = await customer.running({ name: 'waits', plan: 'nano', template: 'busybox' });
    await customer.exec(server.id, ['sh', '-c', 'head -c 6000000 /dev/urandom >/root/data']);
    // Some twenty seconds of copying.
    const { operation } = await bench
      .client('operator')
      .ask<{ operation: { id: string } }>('POST', `/v1/servers/${server.id}/actions/migrate`, {
        mode: 'live',
        bandwidth_bps: 2_500_000,
      });
    await page.goto(`/operations/${operation.id}`);
    await page
      .getByText(/^Running/)
      .first()
      .waitFor();
    const [pid] = bench.stack.content().pids.worker;
    process.kill(pid!, 'SIGKILL');
    await page.getByText(/Waits for another worker/).waitFor();
    await eventually('another worker', async () => bench.stack.content().pids.worker[0] !== pid);
    await page.getByText(/Waits for another worker/).waitFor({ state: 'detached' });
    await page.getByText('Succeeded', { exact: true }).first().waitFor();
    expect(window.complained()).toEqual([]);
  });

  it('says that the API is offline while it is, and goes on by itself when it is back', async () => {
    await page.goto('/servers');
    await page.getByRole('link', { name: 'waits' }).waitFor();
    const supervisor = bench.stack.supervisorPid();
    const [pid] = bench.stack.content().pids.api;
    await window.whileAway(async () => {
      // Or it would be back before anybody has looked.
      process.kill(supervisor, 'SIGSTOP');
      try {
        process.kill(pid!, 'SIGKILL');
        await live(/^Offline/).waitFor();
        await page.getByRole('alert').filter({ hasText: 'The API is offline' }).waitFor();
        // What was known stays on the page.
        expect(await page.getByRole('link', { name: 'waits' }).isVisible()).toBe(true);
      } finally {
        process.kill(supervisor, 'SIGCONT');
      }
      await live(/^Live/).waitFor();
    });
    await page.getByRole('alert').filter({ hasText: 'The API is offline' }).waitFor({ state: 'detached' });
    // And is told of changes again.
    await bench.client('customer').running({ name: 'afterwards', plan: 'nano', template: 'busybox' });
    await page.getByRole('link', { name: 'afterwards' }).waitFor();
    expect(window.complained()).toEqual([]);
    expect(await window.barriers()).toEqual([]);
  });
});
