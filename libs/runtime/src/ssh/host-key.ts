import { createHash } from 'node:crypto';
import { Client } from 'ssh2';
import { RuntimeError } from '../runtime-error';

/** As OpenSSH prints it: `SHA256:` and unpadded base64 of the key blob's hash. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * The fingerprint of the key that a host shows now, for pinning at enrolment where the operator named none. Nothing
 * is sent but the key exchange. Throws `unreachable`.
 */
export function readHostKeyFingerprint(host: {
  address: string;
  port: number;
  /** For the error. */
  name?: string;
  timeoutMs?: number;
}): Promise<string> {
  const { address, port, name = address, timeoutMs = 10_000 } = host;
  const client = new Client();
  return new Promise<string>((resolve, reject) => {
    client.on('error', (cause: Error) => {
      const message = `${name}: cannot read the SSH host key at ${address} port ${port}: ${cause.message}`;
      reject(
        new RuntimeError('unreachable', message, { host: name, action: 'read the host key' }, { cause }),
      );
    });
    client.connect({
      host: address,
      port,
      username: 'root',
      readyTimeout: timeoutMs,
      hostVerifier: (key: Buffer) => {
        resolve(fingerprintOf(key));
        return false; // Learnt; no need to log in.
      },
    });
  }).finally(() => client.destroy());
}
