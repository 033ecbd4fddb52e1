import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import type { HostConnection } from '../host-connection';

const IMPORT_TIMEOUT_MS = 60 * 60 * 1000;

/** Streams a tarball to the import script, counting. Another worker may have been quicker: then the stream is let go. */
export async function importTemplate(
  connection: HostConnection,
  script: string,
  source: Readable,
  options: { action: string; signal?: AbortSignal; onProgress?: (bytes: number) => void },
): Promise<'present' | 'imported'> {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      options.onProgress?.((bytes += chunk.length));
      done(null, chunk);
    },
  });
  source.once('error', (error) => counter.destroy(error));
  try {
    const { action, signal } = options;
    const output = await connection.upload(script, source.pipe(counter), {
      action,
      signal,
      timeoutMs: IMPORT_TIMEOUT_MS,
    });
    return output.trim() === 'present' ? 'present' : 'imported';
  } finally {
    source.destroy();
  }
}
