import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT_ROOT, run, SetupError, step } from './steps.mjs';

/**
 * Unless what is installed is what the lock file says: installs that, and leaves the lock file alone. Not `npm ci`: it refuses a
 * lock file without the optional packages of other platforms, which a registry mirror may not carry when the file is made.
 */
export function installNodePackages() {
  if (installedAsLocked()) return;
  step('installing the npm packages', () =>
    run('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
      wayOut: "Check npm's registry setting (npm ping) and start again.",
    }),
  );
}

/** npm notes in node_modules/.package-lock.json what it installed: two files to compare instead of a tree to walk. */
function installedAsLocked() {
  const installed = packagesOf('node_modules/.package-lock.json');
  const locked = packagesOf('package-lock.json');
  if (!installed || !locked) return false;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '' || entry.optional || entry.devOptional || entry.peer) return true;
    if (entry.link || !path.includes('node_modules/')) return existsSync(join(PROJECT_ROOT, path));
    return installed[path]?.version === entry.version;
  });
}

function packagesOf(file) {
  const path = join(PROJECT_ROOT, file);
  if (!existsSync(path)) return null;
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/** `tsc -b`: only what changed. Its errors are shown as they come. */
export function buildTree() {
  const compiler = join(PROJECT_ROOT, 'node_modules/typescript/bin/tsc');
  const first = !existsSync(join(PROJECT_ROOT, 'stack/dist/main.js'));
  const build = () => {
    const { status } = spawnSync(process.execPath, [compiler, '-b'], { cwd: PROJECT_ROOT, stdio: 'inherit' });
    if (status !== 0) throw new SetupError('the build failed; the errors are above');
  };
  // Without changes it takes a second or two: not worth a line.
  if (first) step('building (tsc -b)', build);
  else build();
}
