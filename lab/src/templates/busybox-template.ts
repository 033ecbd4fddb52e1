import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { hostImage, hostImageKey } from '../host-image';
import { recipeKey } from '../image-cache';
import { mustRun } from '../run';
import type { TemplateRecipe } from './template-recipe';

const BUILD_SCRIPT = path.join(__dirname, '..', '..', 'image', 'busybox-build.sh');

/** A tiny server for tests, of the static busybox in the host image. */
export function busyboxRecipe(): TemplateRecipe {
  return {
    name: 'busybox',
    description: 'Busybox, for tests: a shell and little else',
    key: recipeKey(hostImageKey(), readFileSync(BUILD_SCRIPT, 'utf8')),
    build: async (target, progress) => {
      const busybox = path.join(await hostImage(progress), 'bin/busybox');
      const root = `${target}.root`;
      await mustRun(['sh', BUILD_SCRIPT, busybox, root]);
      await mustRun([
        'tar',
        ...['--sort=name', '--numeric-owner', '--owner=0', '--group=0', '--mtime=@1750000000', '--zstd'],
        ...['-cf', target, '-C', root, '.'],
      ]);
      rmSync(root, { recursive: true });
    },
  };
}
