import { resolve, sep } from 'node:path';
import type { Compression } from '@berth/contracts';
import { invalidField } from '../http/validation.pipe';

const ENDINGS: readonly [RegExp, Compression][] = [
  [/\.tar$/i, 'none'],
  [/\.(tar\.gz|tgz)$/i, 'gzip'],
  [/\.(tar\.xz|txz)$/i, 'xz'],
  [/\.(tar\.zst|tzst)$/i, 'zstd'],
];

/** How the tarball is packed, by its name. Throws `invalid_input` where the name doesn't tell. */
export function compressionOf(source: string): Compression {
  const found = ENDINGS.find(([ending]) => ending.test(new URL(source).pathname));
  if (found) return found[1];
  throw invalidField(
    'compression',
    'is needed, as the source does not end in .tar, .tar.gz, .tar.xz or .tar.zst',
  );
}

/**
 * Throws `invalid_input` for a file that isn't below one of the roots. By its name only: the worker, which reads it,
 * looks at where links lead.
 */
export function assertAllowedSource(source: string, fileRoots: readonly string[]): void {
  const url = new URL(source);
  if (url.protocol !== 'file:') return;
  let path: string;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    throw invalidField('source', 'is not a valid URL');
  }
  const allowed = fileRoots.some((root) => resolve(path).startsWith(resolve(root).replace(/\/$/, '') + sep));
  if (!allowed || path.includes('\0')) {
    throw invalidField(
      'source',
      'files may only lie below the directories that BERTH_TEMPLATE_FILE_ROOTS names',
    );
  }
}
