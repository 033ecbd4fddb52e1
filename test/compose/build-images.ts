import assert from 'node:assert/strict';

import type { Checks } from './checks';
import { mustRun } from './command';
import { caFile, type ComposeRun, npmrcFile, PROJECT_ROOT } from './compose-run';
import { BUILD_PROXY, dockerEnvironment } from './docker-daemon';

/** The name that docker-compose.yml takes where .env names no other. */
export const IMAGE = 'berth:local';

/** `npm install` twice and a whole build, on a machine that may be busy. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

/** Imports the stand-ins under the public images' names, builds Berth's image on them, and looks into it. */
export async function buildImages(checks: Checks, run: ComposeRun): Promise<void> {
  const options = { env: dockerEnvironment(run), cwd: PROJECT_ROOT };
  const docker = (...args: string[]) => mustRun(['docker', ...args], options);

  await checks.check('the stand-ins are imported', async () => {
    for (const { tag, tarball, changes } of run.images) {
      await docker('import', ...changes.flatMap((change) => ['--change', change]), tarball, tag);
    }
  });
  await checks.check('docker build makes the image', async () => {
    const proxy = ['HTTP_PROXY', 'HTTPS_PROXY'].flatMap((name) => ['--build-arg', `${name}=${BUILD_PROXY}`]);
    const secrets = [`id=npmrc,src=${npmrcFile(run)}`, `id=ca,src=${caFile(run)}`];
    const build = ['docker', 'build', '--progress', 'plain', '--tag', IMAGE, ...proxy];
    await mustRun([...build, ...secrets.flatMap((secret) => ['--secret', secret]), '.'], {
      ...options,
      timeoutMs: BUILD_TIMEOUT_MS,
    });
  });
  // What is looked for is not there, as a rule: that is no failure of the command.
  const inImage = async (script: string) =>
    (await docker('run', '--rm', '--network', 'none', IMAGE, 'sh', '-c', `${script}; true`)).trim();
  await checks.check('its processes are not root and own no file of the program', async () => {
    assert.equal(await inImage('id -u'), '10001');
    assert.equal(await inImage('find /app -writable -not -type l | head -n 3'), '');
  });
  await checks.check('it has what runs and nothing else', async () => {
    const unwanted = 'node_modules/jest node_modules/eslint libs/testing node_modules/@berth/lab';
    assert.equal(
      await inImage(`ls -d ${unwanted} 2>/dev/null; find apps libs -name '*.ts' -o -name src`),
      '',
    );
    assert.equal(await inImage('find . -xtype l'), '', 'dangling links');
    for (const program of [
      'apps/api/dist/main.js',
      'apps/dashboard/dist/index.html',
      'apps/worker/dist/main.js',
      'libs/database/dist/migrate.js',
    ])
      assert.equal(await inImage(`ls ${program}`), program);
  });
  await checks.check("it keeps nothing of the build's registry, proxy or certificates", async () => {
    const history = await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', IMAGE);
    const config = await docker('inspect', '--format', '{{json .Config}}', IMAGE);
    for (const text of [history, config]) assert.doesNotMatch(text, /proxy|registry=|cafile/i);
    assert.equal(await inImage('find / -xdev -name .npmrc -not -path "*/node_modules/*" 2>/dev/null'), '');
    assert.equal(await inImage('ls /run/secrets 2>/dev/null'), '');
  });
}
