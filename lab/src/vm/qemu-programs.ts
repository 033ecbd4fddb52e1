import path from 'node:path';
import { debootstrap } from '../debootstrap';
import { cached, cacheDir, recipeKey, type Progress } from '../image-cache';

const SUITE = 'trixie';
const PACKAGES = ['qemu-system-x86', 'qemu-utils'];
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

function qemuKey(): string {
  return `qemu-${recipeKey(SUITE, ...PACKAGES)}`;
}

/**
 * QEMU 10 with its libraries, from the cache or fetched (a quarter of a minute). Not the machine's own: Debian 12's 7.2
 * makes the guest's kernel panic with more than one processor, and nothing need be installed on the machine this way.
 */
export function qemuPrograms(progress: Progress): Promise<string> {
  return cached(
    qemuKey(),
    async (workDir) => {
      await debootstrap({
        title: 'QEMU',
        suite: SUITE,
        target: path.join(workDir, 'root'),
        packages: PACKAGES,
        extractOnly: true,
        progress,
      });
    },
    progress,
  );
}

/** How to start one of its programs from this machine's root: by its own loader, with its own libraries. */
export function qemuCommand(program: 'qemu-system-x86_64' | 'qemu-img', args: readonly string[]): string[] {
  const root = path.join(cacheDir(), qemuKey(), 'root');
  const data = ['qemu', 'seabios'].flatMap((name) => ['-L', path.join(root, 'usr/share', name)]);
  return [
    path.join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
    ...['--library-path', path.join(root, LIBRARIES)],
    path.join(root, 'usr/bin', program),
    ...(program === 'qemu-img' ? [] : data),
    ...args,
  ];
}
