import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackUnderTest } from '@berth/stack';
import { BerthClient } from '../e2e/berth-client';
import { TestBrowser, type Window } from './browser';

/** A stack of its own with its dashboard, and a browser: what every test of pages stands on. */
export class DashboardBench {
  private readonly dir = mkdtempSync(join(process.env.BERTH_TEST_RUN_DIR ?? tmpdir(), 'pages-'));
  readonly stack = new StackUnderTest(join(this.dir, 'stack'));
  private browser: TestBrowser | null = null;
  private readonly windows: Window[] = [];

  async open(...options: string[]): Promise<void> {
    const { code, output } = await this.stack.command('start', '--detach', '--no-demo', ...options);
    if (code !== 0) throw new Error(output);
    this.browser = await TestBrowser.launch();
  }

  get url(): string {
    return this.stack.content().dashboardUrl;
  }

  client(role: 'operator' | 'billing' | 'customer'): BerthClient {
    const { apiUrl, tokens } = this.stack.content();
    return new BerthClient(apiUrl, tokens[role]);
  }

  /** A window where this role's token is signed in. */
  async signedIn(
    role: 'operator' | 'billing' | 'customer',
    look?: Parameters<TestBrowser['window']>[1],
  ): Promise<Window> {
    const window = await this.browser!.signedIn(this.url, this.stack.content().tokens[role], look);
    this.windows.push(window);
    return window;
  }

  /** What the consoles and networks of all windows complained of since the last call. */
  complaints(): string[] {
    return this.windows.flatMap((window) => window.complained());
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await this.stack.command('stop');
    rmSync(this.dir, { recursive: true, force: true });
  }
}
