import { closeSync, existsSync, ftruncateSync, openSync } from 'node:fs';
import { mustRun, run } from './run';
import { waitUntil } from './wait-until';

/** A sparse file with an empty btrfs, `sizeBytes` large. An existing one is left as it is. */
export async function makePool(file: string, sizeBytes: number): Promise<void> {
  if (existsSync(file)) return;
  const descriptor = openSync(`${file}.new`, 'w', 0o600);
  ftruncateSync(descriptor, sizeBytes);
  closeSync(descriptor);
  // Two copies of the metadata on one file would cost writes and protect from nothing.
  await mustRun(['mkfs.btrfs', '--quiet', '--metadata', 'single', '--data', 'single', `${file}.new`]);
  await mustRun(['mv', `${file}.new`, file]);
}

/** The loop devices whose backing file is `file` or, where it ends with a slash, lies below it. */
export async function loopsOf(file: string): Promise<string[]> {
  const listed = await run(['losetup', '--list', '--json', '--output', 'NAME,BACK-FILE']);
  if (listed.code !== 0 || listed.stdout.trim() === '') return [];
  const { loopdevices } = JSON.parse(listed.stdout) as {
    loopdevices: { name: string; 'back-file': string | null }[];
  };
  return loopdevices
    .filter((loop) => {
      const backing = (loop['back-file'] ?? '').replace(/ \(deleted\)$/, '');
      return backing === file || (file.endsWith('/') && backing.startsWith(file));
    })
    .map((loop) => loop.name);
}

/** Waits until the kernel has let go of the loop devices, whose mounts ended with their host; detaches what is left. */
export async function releaseLoops(file: string): Promise<void> {
  let asked = Date.now() + 1_000;
  await waitUntil(`detaching the loop device of ${file}`, 20_000, async () => {
    const loops = await loopsOf(file);
    if (loops.length > 0 && Date.now() > asked) {
      for (const loop of loops) await run(['losetup', '--detach', loop]);
      asked = Date.now() + 1_000;
    }
    return loops.length === 0;
  });
}
