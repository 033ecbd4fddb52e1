import { createHash, scryptSync } from 'node:crypto';
import { canonicalJson } from './canonical-json';

/** Passwords that people choose can be guessed from a plain digest: these fields go through a slow hash first (~10 ms). */
const GUESSABLE = ['root_password'];

/** Digest of a body, for telling a repeated request from another one. `salt` binds it to a tenant or token. */
export function bodyDigest(body: object, salt: string): string {
  const fields = { ...(body as Record<string, unknown>) };
  for (const name of GUESSABLE) {
    const value = fields[name];
    if (typeof value === 'string') fields[name] = scryptSync(value, salt, 32, { N: 4096 }).toString('base64');
  }
  return createHash('sha256').update(canonicalJson(fields)).digest('hex');
}
