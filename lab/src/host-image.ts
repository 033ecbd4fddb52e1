import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEBOOTSTRAP_OPTIONS, debootstrap } from './debootstrap';
import { cached, recipeKey, type Progress } from './image-cache';

const HOOK_DIR = path.join(__dirname, '..', 'image');

export const HOST_PACKAGES = [
  'openssh-server,openssh-client,ca-certificates,openssl,curl',
  'iproute2,iputils-ping,iputils-arping,nftables,conntrack,tcpdump,netcat-openbsd',
  'lxc,lxcfs,criu,uidmap,btrfs-progs,rsync,xz-utils,zstd',
  'busybox-static,util-linux,kmod,procps,psmisc,python3-minimal',
].flatMap((line) => line.split(','));

/** The hooks for a host's image, before packages are chosen and at the end. */
export const SETUP_HOOK = path.join(HOOK_DIR, 'host-setup.sh');
export const CUSTOMIZE_HOOK = path.join(HOOK_DIR, 'host-customize.sh');

/**
 * CRIU 4.2 is the first that dumps TCP sockets on kernels from 6.16 on. A mirror that lags behind must not stop us: the
 * testing release's index expires after a week. It is signed all the same.
 */
export const CRIU_SOURCES = ['deb [check-valid-until=no] MIRROR forky main'];

/** Where the image's root file system is inside its cache entry. */
export const ROOT_IN_IMAGE = 'root';

/** The key of the host image that this version of the lab makes. */
export function hostImageKey(): string {
  return `host-${recipeKey(DEBOOTSTRAP_OPTIONS.join(), HOST_PACKAGES.join(), readFileSync(SETUP_HOOK, 'utf8'), readFileSync(CUSTOMIZE_HOOK, 'utf8'))}`;
}

/**
 * A Debian 13 root file system with all that a container host needs, from the cache or built (about 30 s); the path of
 * its directory. It is never written to: each host puts an overlay on it.
 */
export async function hostImage(progress: Progress): Promise<string> {
  const entry = await cached(
    hostImageKey(),
    async (workDir) => {
      await debootstrap({
        title: 'host image (Debian 13)',
        suite: 'trixie',
        target: path.join(workDir, ROOT_IN_IMAGE),
        packages: HOST_PACKAGES,
        moreSources: CRIU_SOURCES,
        setupHook: SETUP_HOOK,
        customizeHooks: [CUSTOMIZE_HOOK],
        progress,
      });
    },
    progress,
  );
  return path.join(entry, ROOT_IN_IMAGE);
}
