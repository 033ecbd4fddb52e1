import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEBOOTSTRAP_OPTIONS, debootstrap } from '../debootstrap';
import { CRIU_SOURCES, CUSTOMIZE_HOOK, HOST_PACKAGES, SETUP_HOOK } from '../host-image';
import { cached, recipeKey, type Progress } from '../image-cache';
import { mustRun } from '../run';
import { extractKernel } from './kernel-image';
import { newcArchive } from './newc-archive';

const SUITE = 'trixie';
const KERNEL_PACKAGE = 'linux-image-cloud-amd64';
/** On top of the namespace host's: other file systems, with quota. */
const PACKAGES = [...HOST_PACKAGES, 'quota', 'e2fsprogs', 'xfsprogs'];

const scriptOf = (name: string): string => path.join(__dirname, '..', '..', 'image', name);
const VM_HOOK = scriptOf('vm-customize.sh');
const ASSEMBLE = scriptOf('vm-assemble.sh');
const INIT = scriptOf('vm-init.sh');

/** What the cache entry of an image holds. */
export const VM_IMAGE = {
  /** ext4, sparse, never written to: hosts put an overlay on it. */
  root: 'root.img',
  /** The uncompressed kernel. */
  kernel: 'vmlinux',
  /** To be followed by an archive with the host's own files below `lab/`. */
  initrd: 'initrd.cpio',
} as const;

/** The key of the image that this version of the lab boots virtual machines from. */
export function vmImageKey(): string {
  const scripts = [SETUP_HOOK, CUSTOMIZE_HOOK, VM_HOOK, ASSEMBLE, INIT].map((file) =>
    readFileSync(file, 'utf8'),
  );
  return `vm-${recipeKey(DEBOOTSTRAP_OPTIONS.join(), KERNEL_PACKAGE, PACKAGES.join(), ...scripts)}`;
}

/** Debian 13 with its cloud kernel, ready to boot; from the cache or built (about a minute). */
export function vmImage(progress: Progress): Promise<string> {
  return cached(vmImageKey(), (workDir) => build(workDir, progress), progress);
}

async function build(workDir: string, progress: Progress): Promise<void> {
  const at = (name: string): string => path.join(workDir, name);
  await debootstrap({
    title: "virtual machines' kernel",
    suite: SUITE,
    target: at('kernel'),
    packages: [KERNEL_PACKAGE],
    extractOnly: true,
    progress,
  });
  await debootstrap({
    title: 'virtual machine image (Debian 13)',
    suite: SUITE,
    target: at('root'),
    packages: PACKAGES,
    moreSources: CRIU_SOURCES,
    setupHook: SETUP_HOOK,
    customizeHooks: [CUSTOMIZE_HOOK, VM_HOOK],
    progress,
  });
  progress('virtual machine image: assembling the disk');
  await mustRun([ASSEMBLE, at('kernel'), at('root'), workDir]);
  await extractKernel(readFileSync(at('vmlinuz')), at(VM_IMAGE.kernel));
  const directories = ['bin', 'dev', 'root', 'lab'].map((name) => ({ path: `${name}/`, mode: 0o755 }));
  const initrd = newcArchive([
    ...directories,
    { path: 'bin/busybox', mode: 0o755, data: readFileSync(at('busybox')) },
    { path: 'virtio_blk.ko', mode: 0o644, data: readFileSync(at('virtio_blk.ko')) },
    { path: 'init', mode: 0o755, data: readFileSync(INIT) },
  ]);
  writeFileSync(at(VM_IMAGE.initrd), initrd);
  for (const name of ['vmlinuz', 'busybox', 'virtio_blk.ko']) rmSync(at(name));
}
