import { createPrivateKey } from 'node:crypto';

const OPENSSH_MAGIC = Buffer.from('openssh-key-v1\0', 'latin1');
const PEM = /^-----BEGIN ((?:OPENSSH|RSA|EC) PRIVATE KEY)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/;

/** Reads an RFC 4251 string; null where the blob is too short. */
function readString(blob: Buffer, at: number): { value: Buffer; next: number } | null {
  if (at + 4 > blob.length) return null;
  const next = at + 4 + blob.readUInt32BE(at);
  return next <= blob.length ? { value: blob.subarray(at + 4, next), next } : null;
}

function opensshProblem(base64: string): string | null {
  const blob = Buffer.from(base64, 'base64');
  const broken = 'is a damaged OpenSSH key';
  if (!blob.subarray(0, OPENSSH_MAGIC.length).equals(OPENSSH_MAGIC)) return broken;
  const cipher = readString(blob, OPENSSH_MAGIC.length);
  const kdf = cipher && readString(blob, cipher.next);
  const options = kdf && readString(blob, kdf.next);
  if (!options || options.next + 4 > blob.length) return broken;
  if (cipher.value.toString('latin1') !== 'none') return 'has a passphrase: give one without';
  const publicKey = readString(blob, options.next + 4);
  const privatePart = publicKey && readString(blob, publicKey.next);
  return blob.readUInt32BE(options.next) === 1 && privatePart ? null : broken;
}

/**
 * What is wrong with a text that should be an SSH private key (OpenSSH's format, or PEM of RSA and EC, without a
 * passphrase); null where nothing is. Never repeats the text.
 */
export function privateKeyProblem(text: string): string | null {
  if (/ENCRYPTED/.test(text)) return 'has a passphrase: give one without';
  const [, type, base64] = PEM.exec(text.trim()) ?? [];
  if (!type || !base64)
    return 'must be an SSH private key, as ssh-keygen writes it (-----BEGIN OPENSSH PRIVATE KEY-----)';
  if (type.startsWith('OPENSSH')) return opensshProblem(base64);
  try {
    createPrivateKey(text);
    return null;
  } catch {
    return 'is a damaged PEM key';
  }
}
