import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { PROJECT_ROOT } from './cruise';

const LIBS = ['contracts', 'config', 'domain', 'database', 'jobs', 'runtime', 'observability', 'testing'];
const APPS = ['api', 'worker', 'dashboard'];

/** Files that each break one rule: rule, file, its only import. */
export const BREACHES: [rule: string, file: string, imported: string][] = [
  ['no-cycles', 'libs/domain/src/chicken.ts', './egg'],
  ['no-deep-imports', 'libs/jobs/src/deep.ts', '@berth/database/src/secret'],
  ['no-deep-imports', 'libs/jobs/src/deep-dist.ts', '@berth/database/dist/secret'],
  ['no-deep-imports', 'apps/worker/src/relative.ts', '../../../libs/jobs/src/deep'],
  ['no-own-index', 'libs/database/src/inward.ts', './index'],
  ['layer-libs-contracts', 'libs/contracts/src/upward.ts', '@berth/domain'],
  ['layer-libs-config', 'libs/config/src/upward.ts', '@berth/domain'],
  ['layer-libs-domain', 'libs/domain/src/upward.ts', '@berth/config'],
  ['layer-libs-database', 'libs/database/src/upward.ts', '@berth/jobs'],
  ['layer-libs-jobs', 'libs/jobs/src/upward.ts', '@berth/observability'],
  ['layer-libs-runtime', 'libs/runtime/src/upward.ts', '@berth/domain'],
  ['layer-libs-observability', 'libs/observability/src/upward.ts', '@berth/contracts'],
  ['layer-apps-api', 'apps/api/src/touches-a-host.ts', '@berth/runtime'],
  ['layer-apps-worker', 'apps/worker/src/test-helpers.ts', '@berth/testing'],
  ['layer-apps-dashboard', 'apps/dashboard/src/shortcut.ts', '@berth/contracts'],
  ['only-libs-jobs-imports-bullmq', 'apps/worker/src/queue.ts', 'bullmq'],
  ['only-libs-runtime-imports-node-ssh', 'apps/worker/src/ssh.ts', 'node-ssh'],
  ['only-libs-runtime-imports-node-ssh', 'libs/jobs/src/ssh.ts', 'ssh2'],
  ['domain-does-no-io', 'libs/domain/src/reads.ts', 'node:fs/promises'],
  ['domain-does-no-io', 'libs/domain/src/runs.ts', 'child_process'],
  ['domain-does-no-io', 'libs/domain/src/calls.ts', 'node:http'],
  ['no-unresolvable', 'libs/domain/src/nowhere.ts', '@berth/nothing'],
];

/** Imports that the law allows. */
export const LAWFUL: [file: string, imported: string][] = [
  ['libs/domain/src/egg.ts', '@berth/contracts'],
  ['libs/domain/src/pure.ts', 'node:util'],
  ['libs/jobs/src/queue.ts', 'bullmq'],
  ['libs/runtime/src/ssh.ts', 'node-ssh'],
  ['libs/jobs/src/rows.ts', '@berth/database'],
  ['libs/jobs/src/rows.int-spec.ts', '@berth/testing'],
  ['apps/worker/src/drive.ts', '@berth/runtime'],
  ['apps/api/src/answer.ts', '@berth/jobs'],
];

/** A small copy of the project's layout, linked as npm links workspaces, that breaks every rule of the import law. */
export function plantLawlessTree(root: string): void {
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.import-law.json', 'tsconfig.base.json']) {
    copyFileSync(join(PROJECT_ROOT, file), join(root, file));
  }
  mkdirSync(join(root, 'node_modules/@berth'), { recursive: true });
  for (const [parent, names] of Object.entries({ libs: LIBS, apps: APPS })) {
    for (const name of names) {
      write(
        root,
        `${parent}/${name}/package.json`,
        JSON.stringify({ name: `@berth/${name}`, main: 'dist/index.js' }),
      );
      write(root, `${parent}/${name}/src/index.ts`, 'export const face = 1;\n');
      symlinkSync(join(root, parent, name), join(root, 'node_modules/@berth', name));
    }
  }
  for (const name of ['bullmq', 'node-ssh', 'ssh2']) {
    write(root, `node_modules/${name}/package.json`, JSON.stringify({ name, main: 'dist/index.js' }));
    write(root, `node_modules/${name}/dist/index.js`, 'exports.it = 1;\n');
  }
  write(root, 'libs/database/src/secret.ts', 'export const secret = 1;\n');
  write(root, 'libs/database/dist/secret.js', 'exports.secret = 1;\n');
  const files: [string, string][] = [
    ...BREACHES.map(([, file, imported]): [string, string] => [file, imported]),
    ...LAWFUL,
  ];
  for (const [file, imported] of files)
    write(root, file, `import * as it from '${imported}';\nexport { it };\n`);
  write(
    root,
    'libs/domain/src/egg.ts',
    "import * as it from '@berth/contracts';\nexport { it };\nexport * from './chicken';\n",
  );
}

function write(root: string, file: string, content: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), content);
}
