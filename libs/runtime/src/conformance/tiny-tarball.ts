import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A root file system as small as can be, and like no other. */
export function tinyTarball(): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'berth-tiny-'));
  try {
    for (const dir of ['etc', 'root']) mkdirSync(join(root, dir));
    writeFileSync(join(root, 'etc/unique'), randomBytes(16));
    return execFileSync('tar', ['-C', root, '-cf', '-', '.']);
  } finally {
    rmSync(root, { recursive: true });
  }
}
