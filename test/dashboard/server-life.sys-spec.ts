import type { Page } from 'playwright-core';
import { DashboardBench } from './dashboard-bench';
import type { Window } from './browser';
import { TerminalReader } from './terminal-reader';

jest.setTimeout(300_000);

/** A server's whole life by mouse and keyboard: a customer and an operator at their browsers, real hosts behind. */
describe('a server, ordered, used and deleted in the browser', () => {
  const bench = new DashboardBench();
  let customer: Page;
  let operator: Page;
  let windows: Window[];
  let terminal: TerminalReader;

  beforeAll(async () => {
    await bench.open('--hosts', '2');
    windows = [await bench.signedIn('customer'), await bench.signedIn('operator')];
    [customer, operator] = windows.map(({ page }) => page) as [Page, Page];
  });
  afterAll(() => bench.close());
  // Of every step: no error in a console, no request that failed, no barrier on what is shown at its end.
  afterEach(async () => {
    expect(bench.complaints()).toEqual([]);
    for (const window of windows) expect(await window.barriers()).toEqual([]);
  });

  const go = (page: Page, name: string) =>
    page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
  const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true }).click();
  const status = (page: Page, name: string) =>
    page.getByRole('main').locator(`[data-status="${name}"]`).first().waitFor();
  const said = (page: Page, text: RegExp) => page.getByText(text).first().waitFor();

  it('is ordered from an empty list, and comes up before one’s eyes', async () => {
    await go(customer, 'Servers');
    await customer
      .getByRole('link', { name: /^Order/ })
      .first()
      .click();
    await customer.getByRole('radio', { name: /^micro:/ }).click();
    await customer.getByLabel(/^Name/).fill('web-1');
    await customer.getByRole('combobox', { name: 'Template' }).click();
    await customer.getByRole('option', { name: 'busybox' }).click();
    await customer.getByRole('button', { name: /^Order/ }).click();
    // No key was given: the password that was made up is shown, once.
    const password = customer.getByRole('dialog', { name: /Root password of web-1/ });
    await password.waitFor();
    await password.getByRole('button', { name: 'I have kept it' }).click();
    await status(customer, 'running');
  });

  it('has a console, where a command is typed and its output seen', async () => {
    await tab(customer, 'Console');
    terminal = new TerminalReader(customer);
    await terminal.connected();
    await terminal.type('echo "sum is $((6*7))"; hostname\n');
    await terminal.shows('sum is 42');
    await terminal.shows('web-1');
  });

  it('is resized, with a preview of what changes, while it runs', async () => {
    await tab(customer, 'Resize');
    await customer.getByRole('radio', { name: /^small:/ }).click();
    await customer.getByRole('button', { name: 'Resize', exact: true }).click();
    await said(customer, /This is what it has/);
    await tab(customer, 'Console');
    await terminal.type('echo still-$((1+1))\n');
    await terminal.shows('still-2');
  });

  it('has a snapshot taken', async () => {
    await tab(customer, 'Snapshots');
    await customer.getByRole('button', { name: 'Take a snapshot' }).click();
    await customer.getByLabel(/^Name/).fill('before-update');
    await customer.getByRole('button', { name: 'Take it' }).click();
    await customer.getByRole('row', { name: /before-update/ }).waitFor();
    await status(customer, 'available');
  });

  it('is migrated by an operator while its console stays open', async () => {
    await tab(customer, 'Console');
    await go(operator, 'Servers');
    await operator.getByRole('link', { name: 'web-1' }).click();
    await tab(operator, 'Migrate');
    await operator.getByRole('button', { name: /^Move|^Migrate/ }).click();
    await terminal.shows('moved to another host');
    await terminal.connected();
    await terminal.type('echo over-$((20+2)); hostname\n');
    await terminal.shows('over-22');
    await tab(operator, 'Jobs');
    await operator.getByRole('row', { name: /Migrate server.*Succeeded/ }).waitFor();
  });

  it('is deleted, once its name is typed', async () => {
    await customer.getByRole('button', { name: 'Actions' }).click();
    await customer.getByRole('menuitem', { name: /Delete/ }).click();
    const dialog = customer.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Delete' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('web-1');
    await confirm.click();
    await said(customer, /It is deleted/);
    await go(customer, 'Servers');
    await said(customer, /No servers? yet/);
  });
});
