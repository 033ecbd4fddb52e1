import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { waitUntil } from '../services/wait-until';
import { StackUnderTest } from '../testing/stack-under-test';

jest.setTimeout(300_000);

/** The commands as the README promises them, on a stack of its own. */
describe('npm start and npm stop', () => {
  const stack = new StackUnderTest(join(process.env.BERTH_TEST_RUN_DIR ?? '', 'stack'));
  let labId: string | null = null;

  afterAll(() => stack.command('stop'));

  it('start --detach ends with a Debian server that answers ping and ssh', async () => {
    const { code, output } = await stack.command('start', '--detach', '--hosts', '2', '--simulated', '3');
    labId = stack.labId();
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Debian GNU/Linux 12') });
    expect(output).toMatch(/✓ ping \S+ /);
    expect(stack.traces(labId).length).toBeGreaterThan(10);
  });

  it('tells others where the stack is, in a file that only its owner reads', async () => {
    const content = stack.content();
    expect(stack.stackFileMode()).toBe(0o600);
    expect(content).toEqual({
      apiUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      dashboardUrl: content.apiUrl,
      tokens: { operator: tokenLike(), billing: tokenLike(), customer: tokenLike() },
      tenantId: expect.any(String),
      hosts: [expect.objectContaining({ user: 'root' }), expect.objectContaining({ user: 'root' })],
      postgresUrl: expect.stringMatching(/^postgres:\/\//),
      redisUrl: expect.stringMatching(/^redis:\/\//),
      pids: { api: [expect.any(Number)], worker: [expect.any(Number)] },
    });
    expect(await (await fetch(content.dashboardUrl, { headers: { Accept: 'text/html' } })).text()).toContain(
      '<title>Berth</title>',
    );
    const { hosts } = await get<{ hosts: { driver: string; location: string | { name: string } }[] }>(
      '/v1/hosts',
    );
    expect(hosts.map(({ driver }) => driver).sort()).toEqual([
      'lxc',
      'lxc',
      'simulated',
      'simulated',
      'simulated',
    ]);
    for (const path of ['plans', 'templates', 'locations']) {
      const names = await namesOf(path);
      expect(names).toEqual(expect.arrayContaining(SEEDED[path] ?? []));
    }
  });

  it('gives an ssh key that opens the lab hosts', () => {
    for (const { address, port, user, privateKeyPath } of stack.content().hosts) {
      const options = [
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        '-o',
        'BatchMode=yes',
      ];
      const args = [...options, '-i', privateKeyPath, '-p', String(port), `${user}@${address}`, 'echo in'];
      expect(execFileSync('ssh', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toBe(
        'in\n',
      );
    }
  });

  it('listens on loopback only', () => {
    const ours = new Set(
      [...Object.values(stack.content().pids).flat(), ...childrenOf(stack.supervisorPid())].map(String),
    );
    const lines = execFileSync('ss', ['-Hltnp'], { encoding: 'utf8' }).split('\n');
    const listening = lines.filter((line) =>
      [...line.matchAll(/pid=(\d+)/g)].some(([, pid]) => ours.has(pid ?? '')),
    );
    expect(listening.length).toBeGreaterThanOrEqual(3);
    expect(listening.filter((line) => !/\s127\.0\.0\.1:\d+\s/.test(line))).toEqual([]);
  });

  it('a second start says that it runs already, and changes nothing', async () => {
    const before = stack.content();
    const { code, output } = await stack.command('start');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(before.apiUrl) });
    expect(stack.content()).toEqual(before);
  });

  it.each(['api', 'worker'] as const)('a killed %s is started again, its pid renewed', async (role) => {
    const [before] = stack.content().pids[role];
    process.kill(before as number, 'SIGKILL');
    const renewed = () => {
      const [pid] = stack.content().pids[role];
      return pid !== undefined && pid !== before ? pid : null;
    };
    await waitUntil(`a new pid of the ${role}`, renewed, { timeoutMs: 1_000, intervalMs: 10 });
    await waitUntil('the API answering', () => get('/v1/plans'), { timeoutMs: 30_000, intervalMs: 100 });
  });

  it('stop leaves nothing behind, and a second stop finds nothing', async () => {
    expect(await stack.command('stop')).toMatchObject({ code: 0 });
    expect(stack.traces(labId)).toEqual([]);
    expect(readdirSync(stack.stateDir).sort()).toEqual(['keys', 'logs']);
    expect(await stack.command('stop')).toEqual({ code: 0, output: expect.stringContaining('Nothing runs') });
  });

  it('stop clears up after a stack that was killed', async () => {
    expect(await stack.command('start', '--detach', '--hosts', '1', '--no-demo')).toMatchObject({ code: 0 });
    labId = stack.labId();
    process.kill(stack.supervisorPid(), 'SIGKILL');
    expect(await stack.command('stop')).toMatchObject({ code: 0 });
    expect(stack.traces(labId)).toEqual([]);
    expect(readdirSync(stack.stateDir).sort()).toEqual(['keys', 'logs']);
  });

  const tokenLike = () => expect.stringMatching(/^berth_/) as unknown as string;

  async function get<T>(path: string): Promise<T> {
    const { apiUrl, tokens } = stack.content();
    const response = await fetch(`${apiUrl}${path}`, {
      headers: { authorization: `Bearer ${tokens.operator}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return (await response.json()) as T;
  }

  async function namesOf(path: string): Promise<string[]> {
    const answer = await get<Record<string, { name: string }[]>>(`/v1/${path}`);
    return (answer[path] ?? []).map(({ name }) => name);
  }
});

const SEEDED: Record<string, string[]> = {
  plans: ['nano'],
  templates: ['debian-12', 'debian-13', 'busybox'],
  locations: ['lab', 'sim'],
};

function childrenOf(pid: number): number[] {
  const text = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return text.split('\n').map(Number).filter(Boolean);
}
