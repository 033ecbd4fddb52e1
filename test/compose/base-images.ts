import { aptProxyOptions, cached, debianMirror, recipeKey } from '@berth/lab';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { mustRun } from './command';
import { type BaseImage, PROJECT_ROOT } from './compose-run';

interface Recipe {
  name: string;
  tag: string;
  packages: string[];
  changes: string[];
}

const PATH = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ENTRYPOINT = 'ENTRYPOINT ["docker-entrypoint.sh"]';

/** The public images that Dockerfile and docker-compose.yml name, each rebuilt from Debian's packages. */
const RECIPES: Recipe[] = [
  {
    name: 'node',
    tag: 'node:20-bookworm-slim',
    packages: ['ca-certificates', 'libstdc++6'],
    changes: [PATH, 'CMD ["node"]'],
  },
  {
    name: 'postgres',
    tag: 'postgres:15-bookworm',
    packages: ['postgresql-15'],
    changes: [PATH, ENTRYPOINT, 'VOLUME /var/lib/postgresql/data', 'CMD ["postgres"]'],
  },
  {
    name: 'redis',
    tag: 'redis:7-bookworm',
    packages: ['redis-server'],
    changes: [PATH, ENTRYPOINT, 'VOLUME /data', 'CMD ["redis-server"]'],
  },
];

/** Made by mmdebstrap (half a minute each), kept in the user's cache: nothing can be counted on to be pulled from a registry. */
export async function baseImages(): Promise<BaseImage[]> {
  const images: BaseImage[] = [];
  for (const { name, tag, packages, changes } of RECIPES) {
    const hook = join(PROJECT_ROOT, 'test/compose/stand-ins', `${name}.sh`);
    // The hook for Node copies this machine's own.
    const ingredients = name === 'node' ? process.version : '';
    const key = recipeKey('1', packages.join(), readFileSync(hook, 'utf8'), ingredients);
    const progress = (message: string) => console.log(`  ${message}`);
    const build = (workDir: string) => debootstrap(packages, hook, join(workDir, 'root.tar'));
    const entry = await cached(`compose-${name}-${key}`, build, progress);
    images.push({ tag, changes, tarball: join(entry, 'root.tar') });
  }
  return images;
}

/** Debian 12 with the packages, and what the hook adds to it, as a tarball. */
async function debootstrap(packages: string[], hook: string, target: string): Promise<void> {
  console.log(`  ${basename(hook, '.sh')}: fetching and installing Debian packages (half a minute or more)`);
  const options = ['--mode=root', '--variant=minbase', '--skip=output/dev', ...(await aptProxyOptions())];
  const additions = [`--include=${packages.join(',')}`, `--customize-hook='${hook}' "$1"`];
  const sources = ['bookworm', target, `deb ${debianMirror()} bookworm main`];
  await mustRun(['mmdebstrap', ...options, ...additions, ...sources], {
    env: {
      ...process.env,
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
      BERTH_COMPOSE_NODE: realpathSync(process.execPath),
      BERTH_COMPOSE_NPM: npmDirectory(),
    },
    timeoutMs: 900_000,
  });
}

function npmDirectory(): string {
  const found = [process.execPath, realpathSync(process.execPath)]
    .map((node) => join(dirname(node), '../lib/node_modules/npm'))
    .find((directory) => existsSync(join(directory, 'bin/npm-cli.js')));
  if (!found) throw new Error(`no npm beside ${process.execPath}: install Node with its npm`);
  return found;
}
