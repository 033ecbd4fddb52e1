import { ApiClient } from '@berth/stack';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { IMAGE } from './build-images';
import type { Checks } from './checks';
import type { ComposeProject } from './compose-project';
import { type ComposeRun, PROJECT_ROOT } from './compose-run';
import { FirstServer } from './first-server';

const ORIGIN = 'http://127.0.0.1:8080';
const LONG_RUNNING = ['postgres', 'redis', 'api', 'worker'] as const;
const UP = ['up', '--detach', '--no-build'];

/** The runbook, step by step: settings, start, first token, first server, restart, and down again. */
export async function checkDeployment(
  checks: Checks,
  run: ComposeRun,
  project: ComposeProject,
): Promise<void> {
  await checkSettings(checks, run, project);
  await checkStart(checks, project);
  let server: FirstServer | null = null;
  const firstServer = () => server ?? assert.fail('there is no server');
  await checks.check('the first operator token is made by a command', async () => {
    const command = ['libs/database/dist/create-operator-token.js', '--name', 'first operator'];
    const printed = await project.compose('run', '--rm', 'migrate', 'node', ...command);
    const token = /^berth_\S+$/m.exec(printed)?.[0] ?? assert.fail(`no token in: ${printed}`);
    server = new FirstServer(new ApiClient(ORIGIN, token));
  });
  await checks.check('a simulated host is enrolled through the API', () => firstServer().enrolHost());
  await checks.check('a server is ordered and runs', () => firstServer().order());
  await checks.check('the worker restarts in order; the server survives and obeys', async () => {
    await project.compose('restart', '--timeout', '45', 'worker');
    await project.healthy('worker');
    const logs = await project.docker('logs', (await project.container('worker')).Name);
    assert.match(logs, /the worker has ended/, 'the worker was killed, it did not end by itself');
    await firstServer().runs();
    await firstServer().obeys();
  });
  await checks.check('after down and up everything is there again', async () => {
    await project.compose('down');
    await project.compose(...UP);
    await project.healthy(...LONG_RUNNING);
    await firstServer().runs();
    await firstServer().obeys();
  });
  await checks.check('down --volumes leaves nothing', async () => {
    await project.compose('down', '--volumes');
    assert.equal(await project.docker('ps', '-aq'), '');
    assert.equal(await project.docker('volume', 'ls', '-q'), '');
    assert.doesNotMatch(await project.docker('network', 'ls', '--format', '{{.Name}}'), /berth/);
  });
}

/** Settings as a person makes them: .env.example, with the first part filled in. */
async function checkSettings(checks: Checks, run: ComposeRun, project: ComposeProject): Promise<void> {
  const example = readFileSync(join(PROJECT_ROOT, '.env.example'), 'utf8');
  await checks.check(
    '.env.example explains every variable that docker-compose.yml takes, and no other',
    async () => {
      const compose = readFileSync(join(PROJECT_ROOT, 'docker-compose.yml'), 'utf8');
      const taken = new Set(Array.from(compose.matchAll(/\$\{([A-Z_]+)/g), ([, name]) => name));
      const explained = new Set(Array.from(example.matchAll(/^([A-Z_]+)=/gm), ([, name]) => name));
      assert.deepEqual([...explained].sort(), [...taken].sort());
    },
  );
  await checks.check('without passwords and keys nothing starts', async () => {
    const { code, stderr } = await project.tryCompose(UP, join(PROJECT_ROOT, '.env.example'));
    assert.notEqual(code, 0);
    assert.match(stderr, /set it in \.env/);
    assert.equal(await project.docker('ps', '-aq'), '');
  });
  await checks.check('passwords and keys are filled in', async () => {
    const keys = await project.docker(
      'run',
      '--rm',
      IMAGE,
      'node',
      'libs/database/dist/generate-sealing-keys.js',
    );
    const made = Object.fromEntries(keys.trim().split('\n').map(assignment));
    const passwords = ['POSTGRES_PASSWORD', 'REDIS_PASSWORD'].map((name) => [
      name,
      randomBytes(24).toString('hex'),
    ]);
    const values: Record<string, string> = { ...made, ...Object.fromEntries(passwords) };
    const filled = example.replace(/^([A-Z_]+)=$/gm, (line, name: string) => `${line}${values[name] ?? ''}`);
    writeFileSync(project.settingsFile, filled, { mode: 0o600 });
    await project.compose('config', '--quiet');
  });
}

function assignment(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

async function checkStart(checks: Checks, project: ComposeProject): Promise<void> {
  await checks.check('up: migrated, and every service is healthy', async () => {
    await project.compose(...UP);
    await project.healthy(...LONG_RUNNING);
    const { State } = await project.container('migrate');
    assert.deepEqual([State.Status, State.ExitCode], ['exited', 0]);
    for (const service of LONG_RUNNING) assert.equal((await project.container(service)).RestartCount, 0);
  });
  await checks.check('only the API is published, on loopback; it answers there', async () => {
    for (const service of LONG_RUNNING) {
      const { Ports } = (await project.container(service)).NetworkSettings;
      const published = Object.values(Ports).flatMap((bindings) => bindings ?? []);
      const expected = service === 'api' ? [{ HostIp: '127.0.0.1', HostPort: '8080' }] : [];
      assert.deepEqual(published, expected, service);
    }
    assert.equal((await fetch(`${ORIGIN}/health/ready`)).status, 200);
    assert.equal((await fetch(`${ORIGIN}/v1/servers`)).status, 401);
    const page = await fetch(ORIGIN, { headers: { Accept: 'text/html' } });
    assert.match(await page.text(), /<title>Berth<\/title>/);
  });
  await checks.check('only the worker holds the private key', async () => {
    const holders: string[] = [];
    for (const service of [...LONG_RUNNING, 'migrate']) {
      const { Env } = (await project.container(service)).Config;
      if (Env.some((entry) => entry.startsWith('BERTH_WORKER_PRIVATE_KEY='))) holders.push(service);
    }
    assert.deepEqual(holders, ['worker']);
  });
  await checks.check('Redis drops no keys, keeps them on disk and asks for the password', async () => {
    const redis = (...args: string[]) => project.compose('exec', '-T', 'redis', 'redis-cli', ...args);
    assert.match(await redis('config', 'get', 'maxmemory-policy'), /noeviction/);
    assert.match(await redis('config', 'get', 'appendonly'), /yes/);
    const stranger = ['exec', '-T', '-e', 'REDISCLI_AUTH=wrong', 'redis', 'redis-cli', 'dbsize'];
    assert.match(await project.compose(...stranger), /NOAUTH/);
  });
}
