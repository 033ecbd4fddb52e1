import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A port that was free a moment ago: provider and API have to know each other's before they start. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface ProviderOptions {
  port: number;
  clients: Record<string, unknown>[];
  /** Claims by the name that somebody logs in with. */
  users: Record<string, Record<string, unknown>>;
}

/** Starts a real OpenID Connect provider; resolves when it listens. */
export async function startOidcProvider(options: ProviderOptions): Promise<{ stop(): Promise<void> }> {
  const script = join(__dirname, 'oidc-provider.mjs');
  const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr!.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const ended = once(child, 'exit');
  const listening = (async () => {
    for await (const line of createInterface({ input: child.stdout! })) if (line === 'listening') return true;
    return false;
  })();
  if (!(await listening)) throw new Error(`the OpenID Connect provider did not start: ${complaints}`);
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** What a browser does of a sign-in: cookies (which all ports of a host share), redirects, forms. */
export class OidcBrowser {
  readonly cookies = new Map<string, string>();
  /** Every address that it was at. */
  readonly visited: URL[] = [];

  async open(url: string | URL, form?: Record<string, string>): Promise<Response> {
    this.visited.push(new URL(url));
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...this.cookies].map((pair) => pair.join('=')).join('; '), accept: 'text/html' },
      ...(form && { body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0]!.split(/=(.*)/s) as [string, string];
      if (value === '' || /expires=thu, 01 jan 1970/i.test(cookie)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Follows redirects as long as `on` says so; gives the answer that it stays at, or the address it doesn't go to. */
  async follow(
    url: string | URL,
    on: (next: URL) => boolean,
  ): Promise<{ response: Response; next: URL | null }> {
    let response = await this.open(url);
    for (let at = new URL(url); ;) {
      const location = response.headers.get('location');
      if (location === null) return { response, next: null };
      at = new URL(location, at);
      if (!on(at)) return { response, next: at };
      response = await this.open(at);
    }
  }

  /** Logs in at the provider's pages and agrees; gives the address that it sends back to, not yet visited. */
  async logIn(start: string | URL, user: string, isBack: (url: URL) => boolean): Promise<URL> {
    let { response, next } = await this.follow(start, (url) => !isBack(url));
    while (next === null) {
      const page = await response.text();
      const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      if (!action || !prompt)
        throw new Error(`no form to go on with (${response.status}): ${page.slice(0, 500)}`);
      const sent = await this.open(action, { prompt, login: user, password: 'x' });
      ({ response, next } = await this.follow(sent.headers.get('location')!, (url) => !isBack(url)));
    }
    return next;
  }
}
