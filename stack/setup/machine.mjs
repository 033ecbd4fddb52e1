import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';

import { run, SetupError, step } from './steps.mjs';

const MIN_NODE = [20, 19];

/** Debian's packages for everything but tests; the lab's README says what the lab takes of them. */
const PACKAGES = [
  'btrfs-progs',
  'ca-certificates',
  'e2fsprogs',
  'iproute2',
  'iputils-ping',
  'mmdebstrap',
  'mount',
  'nftables',
  'openssh-client',
  'postgresql',
  'procps',
  'redis-server',
  'util-linux',
  'xz-utils',
  'zstd',
];

/** Those of the tests alone: the browser that looks at the dashboard, what WHMCS runs its modules by. */
const TEST_PACKAGES = ['chromium', 'fonts-dejavu-core', 'php-cli', 'php-curl'];

const POLICY = '/usr/sbin/policy-rc.d';
const CLUSTER_CONFIG = '/etc/postgresql-common/createcluster.conf';
const CLUSTER_CONFIG_DEFAULT = '/usr/share/postgresql-common/createcluster.conf';

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: install Node ${MIN_NODE.join('.')} or newer and start again`,
  );
}

/** Installs the Debian packages that a command misses. Where that can't be done, says so in one line and goes on without. */
export function prepareMachine(command) {
  const wanted = ['test', 'pictures'].includes(command) ? [...PACKAGES, ...TEST_PACKAGES] : PACKAGES;
  const obstacle = obstacleToInstalling(wanted);
  if (obstacle) {
    console.log(`! ${obstacle}`);
    return;
  }
  const missing = missingOf(wanted);
  if (missing.length > 0) install(missing);
}

function obstacleToInstalling(wanted) {
  const servers = 'Postgres and Redis are taken from the PATH or from BERTH_POSTGRES_URL and BERTH_REDIS_URL';
  if (process.platform !== 'linux') {
    return `Not Linux: no lab of container hosts, simulated hosts instead; ${servers}. The whole runs on Debian 12.`;
  }
  if (process.getuid() !== 0) {
    const missing = commandExists('dpkg-query') ? missingOf(wanted) : [];
    const install = missing.length > 0 ? ` Have installed: ${missing.join(' ')}.` : '';
    return `Not root: no lab of container hosts, simulated hosts instead; ${servers}. Start as root for the whole.${install}`;
  }
  if (!commandExists('apt-get') || !commandExists('dpkg-query')) {
    return `Not a Debian: install the likes of these yourself: ${wanted.join(' ')}; ${servers}.`;
  }
  return null;
}

function commandExists(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

function missingOf(wanted) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...wanted], {
    encoding: 'utf8',
  });
  const installed = new Set(stdout.split('\n').filter((line) => line.endsWith(' installed')));
  return wanted.filter((name) => !installed.has(`${name} installed`));
}

function install(packages) {
  const wayOut = "Check the machine's apt sources (apt-get update) and start again.";
  const env = { DEBIAN_FRONTEND: 'noninteractive', UCF_FORCE_CONFFOLD: '1', LC_ALL: 'C.UTF-8' };
  step('apt-get update', () => run('apt-get', ['update', '-q'], { env, wayOut }));
  step(`installing the Debian packages ${packages.join(', ')}`, () =>
    withoutSystemServices(() =>
      run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env, wayOut }),
    ),
  );
}

/**
 * Our servers are private ones: installing the packages must neither start the system's nor make a database cluster
 * for it. What is written for that is taken back at the end, and nothing is written where somebody else did before.
 */
function withoutSystemServices(installPackages) {
  const undo = [];
  // With a listener Ctrl-C ends apt-get but not us before what we wrote is taken back.
  const onInterrupt = () => {};
  process.on('SIGINT', onInterrupt);
  if (!existsSync(POLICY)) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    undo.push(() => rmSync(POLICY, { force: true }));
  }
  if (!existsSync(CLUSTER_CONFIG)) {
    mkdirSync('/etc/postgresql-common', { recursive: true });
    writeFileSync(CLUSTER_CONFIG, 'create_main_cluster = false\n');
    undo.push(restoreClusterConfig);
  }
  try {
    return installPackages();
  } finally {
    for (const restore of undo) restore();
    process.off('SIGINT', onInterrupt);
  }
}

function restoreClusterConfig() {
  if (existsSync(CLUSTER_CONFIG_DEFAULT)) {
    copyFileSync(CLUSTER_CONFIG_DEFAULT, CLUSTER_CONFIG);
    return;
  }
  rmSync(CLUSTER_CONFIG, { force: true });
  try {
    rmdirSync('/etc/postgresql-common');
  } catch {
    // Not empty, or gone already: not ours to remove.
  }
}
