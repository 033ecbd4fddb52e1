import type { Readable } from 'node:stream';

/** A template's tarball, as it arrives. */
export interface OpenedSource {
  stream: Readable;
  /** Null where the server doesn't say. */
  sizeBytes: number | null;
}
