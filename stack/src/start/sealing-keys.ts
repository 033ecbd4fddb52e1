import { generateSealingKeyPair } from '@berth/database';
import { join } from 'node:path';

import type { StackPaths } from '../paths';
import { readJson, writePrivateJson } from '../private-file';

export interface SealingKeys {
  publicKey: string;
  privateKey: string;
}

/** The worker's key pair, made once: a database that outlives the stack holds host keys sealed with it. */
export async function sealingKeys(paths: StackPaths): Promise<SealingKeys> {
  const file = join(paths.keys, 'worker.json');
  const kept = readJson<SealingKeys>(file);
  if (kept) return kept;
  const made = await generateSealingKeyPair();
  writePrivateJson(file, made);
  return made;
}
