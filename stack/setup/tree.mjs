import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
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

/** Everything that is run from `dist`: `tsc -b` and the dashboard, each only where something changed. */
export function buildTree() {
  compileTree();
  bundleDashboard();
}

/** Vite knows nothing of what changed: the newest source against the bundle tells. */
function bundleDashboard() {
  const dashboard = join(PROJECT_ROOT, 'apps/dashboard');
  const bundle = join(dashboard, 'dist/index.html');
  const sources = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map((name) =>
    join(dashboard, name),
  );
  if (existsSync(bundle) && newest(sources) <= statSync(bundle).mtimeMs) return;
  const vite = join(PROJECT_ROOT, 'node_modules/vite/bin/vite.js');
  step('bundling the dashboard (vite)', () =>
    run(process.execPath, [vite, 'build', '--logLevel', 'warn', dashboard], {
      wayOut: 'The errors are of apps/dashboard: mend them and start again.',
    }),
  );
}

/** When the youngest file below these paths was written, ms. */
function newest(paths) {
  return Math.max(
    ...paths.map((path) => {
      const stat = statSync(path);
      return stat.isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : stat.mtimeMs;
    }),
    0,
  );
}

/** `tsc -b`: only what changed. Its errors are shown as they come. */
function compileTree() {
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
