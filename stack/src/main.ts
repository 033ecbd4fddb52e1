import { Command, InvalidArgumentError } from 'commander';

import { startCommand } from './start/start-command';
import { stopCommand } from './stop/stop-command';
import { checkCommand } from './check/check-command';
import { scriptCommand } from './script-command';
import { testCommand, vmTestCommand } from './testing/test-command';

function count(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError('must be a whole number from 0 on');
  return Number(value);
}

interface StartFlags {
  detach: boolean;
  hosts: number;
  demo: boolean;
  simulated: number;
}

function program(): Command {
  const berth = new Command('berth-stack').description(
    'What the npm commands of the root run, once all is installed',
  );
  berth
    .command('start')
    .description('start the whole platform on this machine, and order a server from it')
    .option('--detach', 'return when ready; `npm stop` ends it', false)
    .option('--hosts <n>', 'container hosts of the lab', count, 2)
    .option('--no-demo', 'order no server')
    .option('--simulated <n>', 'simulated hosts in the location `sim`', count, 0)
    .action((flags: StartFlags) => finish(startCommand(flags)));
  berth
    .command('stop')
    .description('stop it and clean up')
    .action(() => finish(stopCommand()));
  berth
    .command('test')
    .description('run the tests; patterns choose files')
    .argument('[patterns...]')
    .action((patterns: string[]) => finish(testCommand(patterns)));
  berth
    .command('test:vm')
    .description('run the tests that want virtual machines; patterns choose files')
    .option('--short', 'the runtime contract only', false)
    .argument('[patterns...]')
    .action((patterns: string[], flags: { short: boolean }) => finish(vmTestCommand(patterns, flags)));
  berth
    .command('check')
    .description('types, lint, format, import law, dead code')
    .action(() => finish(checkCommand()));
  for (const [name, script] of Object.entries(SCRIPTS)) {
    berth
      .command(name)
      .allowUnknownOption()
      .argument('[args...]')
      .action((args: string[]) => finish(scriptCommand(script, args)));
  }
  return berth;
}

/** Commands that live with the tests. */
const SCRIPTS = {
  bench: 'test/dist/bench/main.js',
  pictures: 'test/dist/dashboard/pictures.js',
  'test:compose': 'test/dist/compose/main.js',
};

/** Ends the process with the code; its open handles don't matter any more. */
async function finish(exitCode: Promise<number>): Promise<void> {
  try {
    process.exit(await exitCode);
  } catch (error) {
    console.error(error instanceof Error ? `berth: ${error.stack ?? error.message}` : error);
    process.exit(1);
  }
}

void program().parseAsync(process.argv);
