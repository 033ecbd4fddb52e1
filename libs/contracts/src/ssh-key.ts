import { z } from 'zod';

const KEY_TYPES = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/** Reads an RFC 4251 string at `offset`; null where the blob is too short. */
function readString(blob: Buffer, offset: number): { value: Buffer; next: number } | null {
  if (offset + 4 > blob.length) return null;
  const next = offset + 4 + blob.readUInt32BE(offset);
  return next <= blob.length ? { value: blob.subarray(offset + 4, next), next } : null;
}

/**
 * True for one line of OpenSSH's public key format: `type base64 [comment]`. No options: a customer must not hand us a
 * `command=`. The blob has to name the same type and to be made of whole fields (RFC 4253 §6.6).
 */
export function isSshPublicKey(line: string): boolean {
  const match = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})( [^\p{Cc}]*)?$/u.exec(line);
  if (!match || !KEY_TYPES.has(match[1]!)) return false;
  const blob = Buffer.from(match[2]!, 'base64');
  const type = readString(blob, 0);
  if (!type || type.value.toString('latin1') !== match[1]) return false;
  let fields = 0;
  let offset = type.next;
  while (offset < blob.length) {
    const field = readString(blob, offset);
    if (!field || field.value.length === 0) return false;
    offset = field.next;
    fields += 1;
  }
  return fields >= 1 && (match[1] !== 'ssh-ed25519' || blob.length === type.next + 4 + 32);
}

export const sshKeySchema = z
  .string()
  .max(16_384)
  .transform((line) => line.trim())
  .refine(isSshPublicKey, 'must be one OpenSSH public key line: type, base64 key, optional comment');
