import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cached, type Progress } from '../image-cache';
import { busyboxRecipe } from './busybox-template';
import { debianRecipe } from './debian-template';
import type { TemplateName, TemplateRecipe } from './template-recipe';

export interface TemplateImage {
  name: TemplateName;
  description: string;
  /** Absolute path of a zstd-compressed tarball of a root file system, numeric owners. */
  path: string;
  /** Of the compressed file, hex. */
  sha256: string;
  architecture: 'amd64';
  sizeBytes: number;
}

const TARBALL = 'rootfs.tar.zst';
const MANIFEST = 'template.json';

/**
 * The templates for servers, from the cache or built (about half a minute each Debian), one after the other. `only`
 * leaves the others out.
 */
export async function templateCatalogue(
  options: { only?: TemplateName[]; onProgress?: Progress } = {},
): Promise<TemplateImage[]> {
  const recipes = [
    debianRecipe('debian-12', 'Debian 12 (bookworm)', 'bookworm'),
    debianRecipe('debian-13', 'Debian 13 (trixie)', 'trixie'),
    busyboxRecipe(),
  ];
  const images: TemplateImage[] = [];
  for (const recipe of recipes) {
    if (options.only && !options.only.includes(recipe.name)) continue;
    images.push(await imageOf(recipe, options.onProgress ?? (() => undefined)));
  }
  return images;
}

async function imageOf(recipe: TemplateRecipe, progress: Progress): Promise<TemplateImage> {
  const entry = await cached(
    `template-${recipe.name}-${recipe.key}`,
    async (workDir) => {
      const tarball = path.join(workDir, TARBALL);
      await recipe.build(tarball, progress);
      const manifest = { sha256: await sha256Of(tarball), sizeBytes: statSync(tarball).size };
      writeFileSync(path.join(workDir, MANIFEST), `${JSON.stringify(manifest)}\n`);
    },
    progress,
  );
  const manifest = JSON.parse(readFileSync(path.join(entry, MANIFEST), 'utf8')) as {
    sha256: string;
    sizeBytes: number;
  };
  const { name, description } = recipe;
  return { name, description, path: path.join(entry, TARBALL), architecture: 'amd64', ...manifest };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
