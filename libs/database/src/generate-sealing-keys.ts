import { generateSealingKeyPair } from './sealed-box';

/**
 * `node libs/database/dist/generate-sealing-keys.js`: prints a new key pair as two lines of an env file. Needs no database.
 * A pair is made once for an installation: hosts' private keys sealed for one can't be opened with another.
 */
async function main(): Promise<void> {
  const { publicKey, privateKey } = await generateSealingKeyPair();
  console.log(`BERTH_WORKER_PUBLIC_KEY=${publicKey}\nBERTH_WORKER_PRIVATE_KEY=${privateKey}`);
}

main().catch((error: unknown) => {
  console.error(`generate-sealing-keys: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
