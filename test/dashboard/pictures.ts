import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { DashboardBench } from './dashboard-bench';
import { TerminalReader } from './terminal-reader';

/** From the build. */
const PICTURES = join(__dirname, '..', '..', '..', 'docs', 'pictures');
const SERVERS = [
  ['web-1', 'small'],
  ['web-2', 'small'],
  ['db-1', 'medium'],
  ['mail', 'micro'],
  ['staging', 'nano'],
] as const;

/** `npm run pictures`: the README's, taken from a stack of its own with hosts, servers and a move between them. */
async function main(): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  const bench = new DashboardBench();
  try {
    await bench.open('--hosts', '2', '--simulated', '12');
    const customer = bench.client('customer');
    const operator = bench.client('operator');
    const ordered = [];
    for (const [name, plan] of SERVERS) {
      ordered.push(
        (await customer.running({ name, plan, template: 'debian-12', labels: { app: name } })).server,
      );
    }
    const [web] = ordered;
    const id = web!.id;
    await customer.done(
      (
        await customer.ask<{ operation: { id: string } }>('POST', `/v1/servers/${id}/snapshots`, {
          name: 'before-update',
        })
      ).operation.id,
    );
    const moved = await operator.ask<{ operation: { id: string } }>(
      'POST',
      `/v1/servers/${id}/actions/migrate`,
      {
        mode: 'live',
      },
    );
    await operator.done(moved.operation.id);
    const { hosts } = await operator.ask<{ hosts: { id: string }[] }>('GET', '/v1/hosts?driver=lxc');
    const { ip_pools: pools } = await operator.ask<{ ip_pools: { id: string }[] }>(
      'GET',
      '/v1/ip_pools?family=4',
    );

    const staff = (await bench.signedIn('operator', { height: 800 })).page;
    await take(staff, '/overview', 'overview');
    await take(staff, `/operations/${moved.operation.id}`, 'migration');
    await take(staff, `/hosts/${hosts[0]!.id}`, 'host');
    await take(staff, `/ip-pools/${pools[0]!.id}`, 'address-pool');

    const tenant = (await bench.signedIn('customer', { height: 800, dark: true })).page;
    await take(tenant, '/servers', 'servers');
    await take(tenant, '/servers/order', 'order');
    await tenant.goto(`/servers/${id}?tab=console`);
    const terminal = new TerminalReader(tenant);
    await terminal.connected();
    await terminal.type('systemctl is-system-running; uptime; df -h / | tail -1; free -m | head -2\n');
    await terminal.shows('Mem:');
    await tenant.screenshot({ path: join(PICTURES, 'console.png') });
  } finally {
    await bench.close();
  }
}

async function take(page: Page, path: string, name: string): Promise<void> {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.locator('[aria-busy="true"], .mantine-Loader-root').first().waitFor({ state: 'detached' });
  // Ids until their names are known.
  await page
    .getByRole('link', { name: /^[0-9a-f]{8}$/ })
    .first()
    .waitFor({ state: 'detached' });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  console.log(`docs/pictures/${name}.png`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
