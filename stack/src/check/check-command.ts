import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { PROJECT_ROOT } from '../paths';

interface Check {
  name: string;
  /** A package's program, by its path below node_modules. */
  program: string;
  args: string[];
}

const CHECKS: Check[] = [
  { name: 'types', program: 'typescript/bin/tsc', args: ['-b'] },
  // Apart from the sources: a library's tests use @berth/testing, which is built on that library.
  { name: 'types of tests', program: 'typescript/bin/tsc', args: ['-p', 'tsconfig.specs.json'] },
  { name: 'types of the dashboard', program: 'typescript/bin/tsc', args: ['-p', 'apps/dashboard'] },
  { name: 'lint', program: 'eslint/bin/eslint.js', args: ['.', '--max-warnings', '0'] },
  { name: 'format', program: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
  {
    name: 'import law',
    program: 'dependency-cruiser/bin/dependency-cruise.mjs',
    args: [
      '--config',
      '.dependency-cruiser.cjs',
      '{apps,libs}/*/src',
      '{lab,stack}/src',
      'test/**/!(*.d).ts',
    ],
  },
  { name: 'dead code', program: 'knip/bin/knip.js', args: ['--no-progress'] },
];

/** `npm run check`: runs every check, shows the output of those that fail. @returns 1 if any failed */
export async function checkCommand(): Promise<number> {
  const failed: string[] = [];
  for (const check of CHECKS) {
    const started = Date.now();
    const { exitCode, output } = await run(check);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${exitCode === 0 ? '✓' : '✗'} ${check.name} (${seconds} s)`);
    if (exitCode === 0) continue;
    failed.push(check.name);
    console.log(output.trimEnd());
  }
  console.log(failed.length === 0 ? 'All checks pass.' : `Failed: ${failed.join(', ')}.`);
  return failed.length === 0 ? 0 : 1;
}

function run({ program, args }: Check): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(PROJECT_ROOT, 'node_modules', program), ...args], {
      cwd: PROJECT_ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ exitCode: 1, output: error.message }));
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }));
  });
}
