#!/usr/bin/env node
import { Command, Option } from 'commander';
import { Lab } from './lab';
import type { LabBackend, LabState } from './lab-state';
import { templateCatalogue } from './templates/catalogue';

interface UpFlags {
  hosts: number;
  poolGib: number;
  backend?: LabBackend;
  memoryMib: number;
  cpus: number;
}

const program = new Command('lab')
  .description('Makes container hosts out of this machine')
  .option('--dir <dir>', "the lab's state; a lab a directory", '.berth/lab')
  .enablePositionalOptions();

const open = (): Lab => Lab.open(program.opts<{ dir: string }>().dir);
const say = (message: string): void => void process.stderr.write(`${message}\n`);

program
  .command('up')
  .description('start the hosts; again: start what is missing, or add hosts')
  .option('--hosts <n>', 'how many', positive, 2)
  .option('--pool-gib <n>', "size of a new host's storage pool, GiB (a sparse file)", positive, 20)
  .addOption(
    new Option('--backend <kind>', "a new lab's: namespace (if not said) or vm").choices(['namespace', 'vm']),
  )
  .option('--memory-mib <n>', "a new virtual machine's memory, MiB", positive, 1536)
  .option('--cpus <n>', "a new virtual machine's processors", positive, 1)
  .action(async (options: UpFlags) => {
    const state = await open().up({
      hosts: options.hosts,
      poolSizeBytes: options.poolGib * 1024 ** 3,
      backend: options.backend,
      memoryMib: options.memoryMib,
      cpus: options.cpus,
      onProgress: say,
    });
    process.stdout.write(table(state));
  });

program
  .command('down')
  .description('remove the hosts, their disks, and all else that the lab made')
  .action(() => open().down());

program
  .command('status')
  .description('the hosts and their addresses')
  .option('--json', 'as JSON')
  .action((options: { json?: boolean }) => {
    const state = open().state();
    process.stdout.write(options.json ? `${JSON.stringify(state, null, 2)}\n` : table(state));
  });

program
  .command('exec')
  .description('run a program in a host')
  .argument('<host>')
  .argument('<command...>')
  .passThroughOptions()
  .action(async (host: string, command: string[]) => {
    const result = await open().exec(host, command[0] === '--' ? command.slice(1) : command);
    process.stdout.write(result.stdout);
    process.stderr.write(result.stderr);
    process.exitCode = result.code;
  });

const verbs = {
  cut: "pull the host's network cable",
  mend: 'plug it in again',
  crash: 'power loss: end everything in the host at once',
  start: 'power on, with the same disk, address and host key',
  pause: 'stop every process of the host',
  resume: 'let them go on',
} as const;
for (const verb of Object.keys(verbs) as (keyof typeof verbs)[]) {
  program
    .command(verb)
    .description(verbs[verb])
    .argument('<host>')
    .action((host: string) => open()[verb](host));
}

program
  .command('templates')
  .description("build the servers' templates, or find them in the cache, and print the catalogue")
  .action(async () => {
    process.stdout.write(`${JSON.stringify(await templateCatalogue({ onProgress: say }), null, 2)}\n`);
  });

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`not a positive whole number: ${text}`);
  return Number(text);
}

function table(state: LabState): string {
  const rows = state.hosts.map(
    (host) => `${host.name}\t${host.state}\troot@${host.address}\t${host.hostKeyFingerprint}`,
  );
  const example = `ssh -i ${state.hosts[0]?.privateKeyPath} root@${state.hosts[0]?.address}`;
  return [...rows, `servers: ${state.serverPool4}, ${state.serverPool6}`, example, ''].join('\n');
}

program.parseAsync().catch((error: unknown) => {
  say(`lab: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
