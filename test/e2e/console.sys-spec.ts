import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab } from '@berth/lab';
import { StackUnderTest } from '@berth/stack';
import { eventually } from '@berth/testing';
import { TestConsole } from '../console/test-console';
import { BerthClient, type OperationView, type ServerView } from './berth-client';

jest.setTimeout(300_000);

/** Terminals in real servers, through the API alone. */
describe('a console', () => {
  const dir = mkdtempSync(join(process.env.BERTH_TEST_RUN_DIR ?? tmpdir(), 'console-'));
  const stack = new StackUnderTest(join(dir, 'stack'));
  let customer: BerthClient;
  let operator: BerthClient;
  let server: ServerView;
  const open: TestConsole[] = [];

  beforeAll(async () => {
    const { code, output } = await stack.command('start', '--detach', '--no-demo', '--hosts', '2');
    if (code !== 0) throw new Error(output);
    const { apiUrl, tokens } = stack.content();
    customer = new BerthClient(apiUrl, tokens.customer);
    operator = new BerthClient(apiUrl, tokens.operator);
    ({ server } = await customer.running({ name: 'typed-into', template: 'debian-12', plan: 'micro' }));
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.socket.terminate();
  });
  afterAll(async () => {
    await stack.command('stop');
    rmSync(dir, { recursive: true, force: true });
  });

  const opened = async (query = '', id = server.id) => {
    const console = await TestConsole.opened(customer, id, query);
    open.push(console);
    return console;
  };
  /** Asked of the server itself, past the console. */
  const inside = async (line: string) => (await customer.exec(server.id, ['sh', '-c', line])).stdout;

  it('is a login shell of root, in UTF-8, on a terminal of the size that the client has', async () => {
    const console = await opened('&columns=100&rows=40');
    const line = 'echo "$(whoami) $TERM $HOME $PWD $LANG"; shopt -q login_shell && echo login; tty';
    await console.run(line, /root xterm-256color \/root \/root C\.UTF-8\r\nlogin\r\n\/dev\/pts\/\d+\r\n/);
    await console.run('stty size', /\n40 100\r\n/);
    console.say({ type: 'resize', columns: 133, rows: 51 });
    await console.run('stty size', /\n51 133\r\n/);
    const letters = Buffer.from('grüße-€-𝄞').toString('latin1');
    await console.run('echo grüße-€-𝄞', new RegExp(`\\n${letters}\\r\\n`));
  });

  it('types 100 kB that are pasted, whole, into what prints as it reads', async () => {
    const console = await opened();
    const pasted = Array.from({ length: 20_000 }, (_, n) => `${n}`).join('\n') + '\n';
    expect(pasted.length).toBeGreaterThan(100_000);
    await console.run('tee /root/pasted', /\n/);
    console.type(pasted);
    await console.shows(/\n19999\r\n/, 60_000);
    console.type('\x04');
    await console.shows(/# $/);
    const sum = createHash('sha256').update(pasted).digest('hex');
    await console.run('sha256sum /root/pasted', new RegExp(sum));
  });

  it('interrupts what runs', async () => {
    const console = await opened();
    await console.run('sleep 1000', /\n/);
    await eventually('the sleep', async () => (await inside('pgrep -x sleep || :')) !== '');
    console.type('\x03');
    await console.shows(/\^C.*# $/s);
    expect(await inside('pgrep -x sleep || :')).toBe('');
  });

  it('answers a key in little more than the way there and back takes', async () => {
    const console = await opened();
    const times: number[] = [];
    for (let n = 0; n < 200; n++) {
      const before = performance.now();
      const shown = new Promise<void>((resolve) => console.socket.once('message', () => resolve()));
      console.type('k');
      await shown;
      times.push(performance.now() - before);
    }
    times.sort((a, b) => a - b);
    const [median, p95] = [times[100]!, times[190]!];
    process.stdout.write(`console: a key's echo takes ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms\n`);
    expect(times).toHaveLength(200);
    // The keys are all there, once.
    console.type('\x01echo \r');
    await console.shows(/\nk{200}\r\n/);
  });

  it('leaves nothing where it was closed: no process in the server, none on its host', async () => {
    const console = await opened();
    await console.run('sleep 4321 & nohup sleep 4322 & trap "" HUP; echo armed', /\narmed\r\n/);
    await eventually('both', async () => (await inside('pgrep -cf "^sleep 432" || :')).trim() === '2');
    console.socket.terminate();
    await eventually('nothing of it', async () => {
      const left = await inside('ps -eo tty,args | grep -E "^pts|[s]leep 432" || :');
      return left === '';
    });
    for (const { name } of stack.content().hosts)
      await eventually(`no terminal on ${name}`, async () => {
        const { output } = await hostOf(name, 'pgrep -af "[b]erth-terminal|lxc-[a]ttach" || :');
        return output === '';
      });
  });

  it('stays open while its server is migrated live: a new shell on the other host, and it says so', async () => {
    const console = await opened();
    await console.run('echo before >/root/moved; echo done', /\ndone\r\n/);
    // Something inside that it is connected to: written down with the connection, it could not be.
    await console.run(
      `setsid perl -MIO::Socket::UNIX -e 'unlink "/run/s"; $l = IO::Socket::UNIX->new(Local => "/run/s", Listen => 1); while ($c = $l->accept) { 1 while <$c> }' </dev/null >/dev/null 2>&1 & echo listening`,
      /\nlistening\r\n/,
    );
    await eventually('the socket', async () => (await inside('test -S /run/s && echo yes || :')) !== '');
    await console.run(
      `perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new("/run/s") or die; print "conn", "ected\\n"; sleep 1000'`,
      /\nconnected\r\n/,
    );
    const { host_id: source } = await operator.server(server.id);
    console.forget();
    const { operation } = await operator.ask<{ operation: OperationView }>(
      'POST',
      `/v1/servers/${server.id}/actions/migrate`,
      { mode: 'live' },
    );
    expect(await operator.done(operation.id)).toMatchObject({
      status: 'succeeded',
      result: { mode: 'live' },
    });
    expect((await operator.server(server.id)).host_id).not.toBe(source);
    expect(await console.hears('reopened')).toEqual({
      type: 'reopened',
      reason: 'the server has moved to another host: this is a new shell',
    });
    await console.shows(/\[berth: the server has moved to another host: this is a new shell\]/);
    await console.run('cat /root/moved', /\nbefore\r\n/);
    expect(console.closed).toBeNull();
  });

  it.each([
    ['checkpoint', 'restore'],
    ['freeze', 'unfreeze'],
  ])('lets its server %s and %s', async (there, back) => {
    const console = await opened();
    console.forget();
    await customer.act(server.id, there);
    await console.hears('waiting');
    await customer.act(server.id, back);
    await console.hears('opened');
    await console.run('echo it goes on', /\nit goes on\r\n/);
  });

  it('lets a snapshot with memory be made, with a new shell afterwards', async () => {
    const console = await opened();
    console.forget();
    const { operation } = await customer.ask<{ operation: OperationView }>(
      'POST',
      `/v1/servers/${server.id}/snapshots`,
      { name: 'typed', memory: true },
    );
    await customer.done(operation.id);
    await console.hears('reopened');
    await console.run('echo kept', /\nkept\r\n/);
  });

  it('waits for a server that restarts, by operation or from inside', async () => {
    const console = await opened();
    console.forget();
    await customer.act(server.id, 'restart');
    expect((await console.hears('reopened')).reason).toBe('the server was stopped: this is a new shell');
    await console.run('echo up', /\nup\r\n/);
    console.forget();
    await eventually('the end of the boot', async () =>
      ['running\n', 'degraded\n'].includes(await inside('systemctl is-system-running || :')),
    );
    console.type('reboot\r');
    await console.hears('waiting');
    await console.hears('reopened');
    await console.run('echo up again', /\nup again\r\n/);
  });

  it('gets a new shell from another worker where one is killed', async () => {
    const console = await opened();
    console.forget();
    process.kill(stack.content().pids.worker[0]!, 'SIGKILL');
    expect((await console.hears('reopened')).reason).toBe(
      'another worker has taken over: this is a new shell',
    );
    await console.run('echo alive', /\nalive\r\n/);
    // The dead one's shell is gone: this is the only one.
    await eventually('one shell', async () => (await inside('pgrep -cx bash')).trim() === '1');
  });

  it('ends the shell where the API is killed', async () => {
    await opened();
    process.kill(stack.content().pids.api[0]!, 'SIGKILL');
    await eventually('no shell', async () => (await inside('pgrep -cx bash || :')).trim() === '0', {
      timeoutMs: 60_000,
      intervalMs: 200,
    });
  });

  it('works with a shell that is only busybox', async () => {
    const { server: small } = await customer.running({ name: 'small', template: 'busybox' });
    const console = await opened('&columns=90&rows=20', small.id);
    await console.run('stty size; tty', /\n20 90\r\n\/dev\/pts\/\d+\r\n/);
    await console.run('sleep 1000', /\n/);
    await eventually('the sleep', async () => {
      const { stdout } = await customer.exec(small.id, ['sh', '-c', 'ps | grep "[s]leep 1000" || :']);
      return stdout !== '';
    });
    console.type('\x03');
    await console.shows(/\^C.*# $/s);
    console.type('exit\r');
    expect(await console.closes()).toEqual({ code: 1000, reason: 'the shell has ended' });
  });

  it('ends with a server that is deleted', async () => {
    const console = await opened();
    const { operation } = await customer.ask<{ operation: OperationView }>(
      'DELETE',
      `/v1/servers/${server.id}`,
    );
    await customer.done(operation.id);
    expect(await console.closes()).toEqual({ code: 4404, reason: 'the server was deleted' });
  });

  async function hostOf(name: string, line: string): Promise<{ output: string }> {
    const lab = Lab.open(join(stack.stateDir, 'lab'));
    const { stdout } = await lab.exec(name, ['sh', '-c', line]);
    return { output: stdout };
  }
});
