// What every `npm run` command of the root goes through: makes the machine and the tree ready, then hands over to the
// built program. Plain Node without dependencies, since it runs before the packages are there. A second run finds everything done.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { buildTree, installNodePackages } from './setup/tree.mjs';
import { checkNode, prepareMachine } from './setup/machine.mjs';
import { PROJECT_ROOT, SetupError } from './setup/steps.mjs';

/** Commands that only end what an earlier one started: they must work at once, and also in a broken tree. */
const UNPREPARED = new Set(['stop']);

async function main() {
  const [command = 'start', ...args] = process.argv.slice(2);
  process.chdir(PROJECT_ROOT);
  checkNode();
  const stackProgram = join(PROJECT_ROOT, 'stack/dist/main.js');
  if (!UNPREPARED.has(command) || !existsSync(stackProgram)) {
    prepareMachine(command);
    installNodePackages();
    buildTree();
  }
  await handOver(command === 'lab' ? join(PROJECT_ROOT, 'lab/dist/main.js') : stackProgram, command, args);
}

/** Goes on in this very process: one process fewer to signal, to wait for and to find in the list. */
async function handOver(program, command, args) {
  process.argv = [process.argv[0], program, ...(command === 'lab' ? [] : [command]), ...args];
  await import(pathToFileURL(program).href);
}

main().catch((error) => {
  console.error(error instanceof SetupError ? `berth: ${error.message}` : error);
  process.exitCode = 1;
});
