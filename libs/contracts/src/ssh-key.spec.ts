import { generateKeyPairSync } from 'node:crypto';
import { isSshPublicKey, sshKeySchema } from './ssh-key';

const string = (value: Buffer | string) => {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
function ed25519(): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return `ssh-ed25519 ${Buffer.concat([string('ssh-ed25519'), string(raw)]).toString('base64')}`;
}

it('takes a key with and without a comment', () => {
  const key = ed25519();
  expect(isSshPublicKey(key)).toBe(true);
  expect(isSshPublicKey(`${key} someone@laptop (work)`)).toBe(true);
  expect(sshKeySchema.parse(`  ${key}\n`)).toBe(key);
});

it.each([
  ['nothing', ''],
  ['words', 'not a key'],
  ['options in front', `command="id" ${ed25519()}`],
  ['two lines', `${ed25519()}\n${ed25519()}`],
  ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ['a type that is not the blob’s', ed25519().replace('ssh-ed25519 ', 'ssh-rsa ')],
  ['a truncated blob', ed25519().slice(0, -8)],
  [
    'a blob of another length',
    `ssh-ed25519 ${Buffer.concat([string('ssh-ed25519'), string('short')]).toString('base64')}`,
  ],
  ['an unknown type', `ssh-dss ${Buffer.concat([string('ssh-dss'), string('x')]).toString('base64')}`],
])('refuses %s', (_what, line) => {
  expect(isSshPublicKey(line)).toBe(false);
});
