import sodium from 'libsodium-wrappers';

export interface SealingKeyPair {
  /** Base64, 32 bytes: given to the API, which can seal but not open. */
  publicKey: string;
  /** Base64, 32 bytes: given to the workers only. */
  privateKey: string;
}

const decode = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** A new X25519 pair for sealed boxes (libsodium `crypto_box_seal`). */
export async function generateSealingKeyPair(): Promise<SealingKeyPair> {
  await sodium.ready;
  const pair = sodium.crypto_box_keypair();
  return { publicKey: encode(pair.publicKey), privateKey: encode(pair.privateKey) };
}

/** Base64 of the sealed text. Whoever holds only the public key can't open it again. */
export async function seal(publicKey: string, text: string): Promise<string> {
  await sodium.ready;
  return encode(sodium.crypto_box_seal(sodium.from_string(text), decode(publicKey)));
}

/** Throws where the box was sealed for another key, or changed. */
export async function unseal(keys: SealingKeyPair, box: string): Promise<string> {
  await sodium.ready;
  return sodium.to_string(
    sodium.crypto_box_seal_open(decode(box), decode(keys.publicKey), decode(keys.privateKey)),
  );
}
