import { existsSync, rmSync, writeFileSync } from 'node:fs';

import { mustRun, run } from './command';

/** `docker-compose` is 1.29 in Debian 12 and v2 from Debian 13 on: the compose file is valid for both. */
const PACKAGES = ['docker.io', 'docker-compose', 'iptables', 'iproute2', 'mmdebstrap', 'util-linux'];
const POLICY = '/usr/sbin/policy-rc.d';

/** Why this machine can't run the test; null if it can. */
export function obstacle(): string | null {
  if (process.platform !== 'linux') return 'Docker is tried on Linux only: run this on a Debian 12 or later';
  if (process.getuid?.() !== 0) return 'a private Docker daemon needs root: run this as root';
  if (!existsSync('/usr/bin/apt-get')) return 'the packages are taken from apt: run this on a Debian';
  return null;
}

/** Installs Docker from Debian, unless it is there. Debian's service is not started: the test runs a daemon of its own. */
export async function installDocker(): Promise<void> {
  const query = await run(['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', ...PACKAGES]);
  const missing = PACKAGES.filter((name) => !query.stdout.includes(`${name} installed\n`));
  if (missing.length === 0) return;
  const forbidStart = !existsSync(POLICY);
  if (forbidStart) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    timeoutMs: 900_000,
  };
  try {
    await mustRun(['apt-get', 'update', '-q'], options);
    await mustRun(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...missing], options);
  } finally {
    if (forbidStart) rmSync(POLICY, { force: true });
  }
}
