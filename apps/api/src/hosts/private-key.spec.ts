import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyProblem } from './private-key';

function sshKeygen(...options: string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'berth-key-'));
  try {
    execFileSync('ssh-keygen', ['-q', '-f', join(dir, 'key'), ...options]);
    return readFileSync(join(dir, 'key'), 'utf8');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('private key', () => {
  it.each([
    ['ed25519', ['-t', 'ed25519', '-N', '']],
    ['ecdsa', ['-t', 'ecdsa', '-N', '']],
    ['rsa in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '']],
  ])('takes %s', (_name, options) => expect(privateKeyProblem(sshKeygen(...options))).toBeNull());

  it.each([
    ['ed25519', ['-t', 'ed25519', '-N', 'hunter22']],
    ['rsa in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'hunter22']],
  ])('refuses %s with a passphrase', (_name, options) =>
    expect(privateKeyProblem(sshKeygen(...options))).toMatch(/passphrase/),
  );

  it('refuses a damaged one', () => {
    const [begin, ...lines] = sshKeygen('-t', 'ed25519', '-N', '').trim().split('\n');
    expect(privateKeyProblem([begin, lines[0], lines.at(-1)].join('\n'))).toMatch(/damaged/);
    expect(privateKeyProblem('-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----')).toMatch(
      /damaged/,
    );
  });

  it.each([
    '',
    'hunter2',
    'ssh-ed25519 AAAA',
    '-----BEGIN OPENSSH PRIVATE KEY-----\n$(id)\n-----END OPENSSH PRIVATE KEY-----',
  ])('refuses %j without repeating it', (text) =>
    expect(privateKeyProblem(text)).toMatch(/^must be an SSH private key/),
  );

  it('refuses a public key and PKCS#8, which ssh does not take', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    expect(privateKeyProblem(publicKey.export({ type: 'spki', format: 'pem' }).toString())).not.toBeNull();
    expect(privateKeyProblem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).not.toBeNull();
  });
});
