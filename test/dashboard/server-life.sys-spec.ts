import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackUnderTest } from '@berth/stack';
import type { Page } from 'playwright-core';
import { TestBrowser, type Window } from './browser';

jest.setTimeout(300_000);

/** A server's whole life by mouse and keyboard: a customer and an operator at their browsers, real hosts behind. */
describe('a server, ordered, used and deleted in the browser', () => {
  const dir = mkdtempSync(join(process.env.BERTH_TEST_RUN_DIR ?? tmpdir(), 'browser-'));
  const stack = new StackUnderTest(join(dir, 'stack'));
  let browser: TestBrowser;
  let customer: Window;
  let operator: Window;

  beforeAll(async () => {
    const { code, output } = await stack.command('start', '--detach', '--no-demo', '--hosts', '2');
    if (code !== 0) throw new Error(output);
    browser = await TestBrowser.launch();
    const { dashboardUrl, tokens } = stack.content();
    customer = await browser.signedIn(dashboardUrl!, tokens.customer);
    operator = await browser.signedIn(dashboardUrl!, tokens.operator);
  });
  afterAll(async () => {
    await browser?.close();
    await stack.command('stop');
    rmSync(dir, { recursive: true, force: true });
  });
  // Of every window and every test: no error in the console, no request that failed.
  afterEach(() => {
    expect([...customer.complained(), ...operator.complained()]).toEqual([]);
  });

  const state = (page: Page, status: string) =>
    page.getByRole('main').locator(`[data-status="${status}"]`).first().waitFor();

  it('is ordered from an empty list, and comes up before one’s eyes', async () => {
    const { page } = customer;
    await page.getByRole('link', { name: 'Servers' }).click();
    await page.getByRole('link', { name: /order/i }).first().click();
    await page.getByLabel('Name', { exact: false }).first().fill('web-1');
    await page.getByRole('radio', { name: /micro/ }).check();
    await page.getByLabel('Template').first().click();
    await page.getByRole('option', { name: /busybox/ }).click();
    await page.getByRole('button', { name: /order/i }).click();
    await page.getByRole('heading', { name: 'web-1' }).waitFor();
    await state(page, 'running');
  });
});
