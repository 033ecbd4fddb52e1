import { readFileSync } from 'node:fs';
import type AxeBuilder from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.BERTH_TEST_CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];

/** Debian's Chromium; a window is signed in by a token, as a person does it. */
export class TestBrowser {
  private constructor(private readonly browser: Browser) {}

  static async launch(): Promise<TestBrowser> {
    return new TestBrowser(await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS }));
  }

  /** A window with cookies of its own, at the sign-in page. */
  async window(url: string, look: { width?: number; height?: number; dark?: boolean } = {}): Promise<Window> {
    const context = await this.browser.newContext({
      baseURL: url,
      viewport: { width: look.width ?? 1280, height: look.height ?? 900 },
      colorScheme: look.dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(60_000);
    return new Window(context, await context.newPage());
  }

  async signedIn(url: string, token: string, look?: Parameters<TestBrowser['window']>[1]): Promise<Window> {
    const window = await this.window(url, look);
    await window.page.goto('/');
    await window.page.getByLabel(/^Token/).fill(token);
    await window.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await window.page.getByRole('status', { name: /^Live/ }).waitFor();
    return window;
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/** One browser window, which notes everything that its console and its network complain of. */
export class Window {
  private readonly complaints: string[] = [];
  private forgiving = false;

  constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {
    const note = (text: string) => {
      if (!this.forgiving) this.complaints.push(`${new URL(page.url()).pathname}: ${text}`);
    };
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) note(`console ${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => note(`uncaught: ${error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400)
        note(`${response.status()} ${response.request().method()} ${response.url()}`);
    });
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText ?? '';
      // A stream or a list that a page leaves is given up by the page itself.
      if (reason !== 'net::ERR_ABORTED') note(`${reason} ${request.method()} ${request.url()}`);
    });
  }

  /** What was complained of since the last call. */
  complained(): string[] {
    return this.complaints.splice(0);
  }

  /** While the API is away on purpose, failed requests are what is to be expected. */
  async whileAway<T>(work: () => Promise<T>): Promise<T> {
    this.forgiving = true;
    try {
      return await work();
    } finally {
      this.forgiving = false;
    }
  }

  /** What axe finds that is serious or critical: rule and place. */
  async barriers(): Promise<string[]> {
    const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(
      (rules) => (globalThis as unknown as { axe: typeof AxeBuilder }).axe.run({ runOnly: rules }),
      RULES,
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  }

  close(): Promise<void> {
    return this.context.close();
  }
}
