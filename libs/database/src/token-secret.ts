import { createHash, randomBytes } from 'node:crypto';

export interface TokenSecret {
  /** What the caller sends; shown once. */
  secret: string;
  hash: Buffer;
  prefix: string;
}

/** SHA-256 is enough: 256 random bits can't be guessed, so there is nothing for a slow hash to slow down. */
export function hashToken(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

export function newTokenSecret(): TokenSecret {
  const secret = `berth_${randomBytes(32).toString('base64url')}`;
  return { secret, hash: hashToken(secret), prefix: secret.slice(0, 12) };
}
