import { StepError } from '@berth/domain';
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OpenedSource } from './opened-source';

function refused(why: string): StepError {
  return new StepError('abort', 'template_source_refused', why);
}

function unavailable(source: URL, cause: unknown): StepError {
  const { code } = cause as NodeJS.ErrnoException;
  const message = `${source.href} can't be read (${code ?? String(cause)}): is the file there, and readable for the worker?`;
  return new StepError('abort', 'template_unavailable', message, {}, { cause });
}

/** The real path of an allowed directory; null where it doesn't exist. */
async function realRoot(root: string): Promise<string | null> {
  return realpath(root).catch(() => null);
}

/**
 * Opens a file whose real path, links followed, lies below one of the roots. The check is made on the path that is then
 * opened without following a link, so that a link put there in between leads nowhere.
 */
export async function openFile(source: URL, roots: readonly string[]): Promise<OpenedSource> {
  if (source.host !== '') throw refused(`${source.href} names a host: write file:///path`);
  let path: string;
  try {
    path = fileURLToPath(source);
  } catch {
    throw refused(`${source.href} is not a path of this system`);
  }
  const real = await realpath(path).catch((error: unknown) => {
    throw unavailable(source, error);
  });
  const allowed = (await Promise.all(roots.map(realRoot))).filter((root) => root !== null);
  if (!allowed.some((root) => real.startsWith(root.endsWith(sep) ? root : root + sep))) {
    throw refused(`${source.href} lies in none of the directories of BERTH_TEMPLATE_FILE_ROOTS`);
  }
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      throw unavailable(source, error);
    },
  );
  const stat = await file.stat();
  if (!stat.isFile()) {
    await file.close();
    throw refused(`${source.href} is not a regular file`);
  }
  return { stream: file.createReadStream({ highWaterMark: 1024 * 1024 }), sizeBytes: stat.size };
}
