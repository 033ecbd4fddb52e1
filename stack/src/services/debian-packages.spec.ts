import { LAB_PACKAGES } from '@berth/lab';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT_ROOT } from '../paths';

// bootstrap.mjs runs before anything is built, so it can't ask the lab: it has a list of its own.
it('the set-up installs every package that the lab needs', () => {
  const source = readFileSync(join(PROJECT_ROOT, 'stack/setup/machine.mjs'), 'utf8');
  const list = /const PACKAGES = \[([^\]]*)\]/.exec(source)?.[1] ?? '';
  const installed = [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name);
  // tar is essential: every Debian has it.
  expect(LAB_PACKAGES.filter((name) => name !== 'tar' && !installed.includes(name))).toEqual([]);
  expect(installed).toEqual(expect.arrayContaining(['postgresql', 'redis-server']));
});
