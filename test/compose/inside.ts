import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildImages } from './build-images';
import { Checks } from './checks';
import { mustRun } from './command';
import { ComposeProject } from './compose-project';
import type { ComposeRun } from './compose-run';
import { DockerDaemon } from './docker-daemon';
import { checkDeployment } from './deployment';

/** The first process of the namespaces: when it ends, everything in them ends. */
async function main(): Promise<void> {
  const run = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ComposeRun;
  const checks = new Checks();
  const daemon = new DockerDaemon(run);
  const project = new ComposeProject(run);
  try {
    await checks.check('a private Docker daemon runs', async () => {
      await furnishNamespaces(run);
      await daemon.start();
      await project.detect();
    });
    await buildImages(checks, run);
    await checkDeployment(checks, run, project);
    if (checks.counts.failed > 0) console.log(`${await project.logs()}\n${daemon.logTail()}`);
  } finally {
    await project.removeAll();
    await daemon.stop();
  }
  process.send?.(checks.counts, () => process.exit(0));
}

/**
 * A daemon and its containerd write outside of the directories they are told. Those places get a layer of our own here, so
 * that nothing of it reaches the machine.
 */
async function furnishNamespaces({ dataDir }: ComposeRun): Promise<void> {
  await mustRun(['ip', 'link', 'set', 'lo', 'up']);
  const layers = join(dataDir, 'layers');
  for (const place of ['etc', 'opt']) {
    const [upper, work] = ['upper', 'work'].map((kind) => join(layers, place, kind));
    for (const directory of [upper, work]) mkdirSync(directory ?? '', { recursive: true });
    const options = `lowerdir=/${place},upperdir=${upper},workdir=${work}`;
    await mustRun(['mount', '-t', 'overlay', '-o', options, 'berth-compose', `/${place}`]);
  }
  await mustRun(['mount', '-t', 'tmpfs', '-o', 'mode=0755', 'berth-compose', '/run']);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
