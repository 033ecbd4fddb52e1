import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PROJECT_ROOT } from '../paths';
import { RESULTS_VARIABLE, type TestCounts } from './progress-reporter';

const JEST = join(PROJECT_ROOT, 'node_modules/jest/bin/jest.js');

/** One start of jest on some of its projects. */
export class JestRun {
  private child: ChildProcess | null = null;

  constructor(
    private readonly projects: string[],
    private readonly patterns: string[],
    private readonly workers: number,
  ) {}

  /** The test files that would run. */
  async files(): Promise<string[]> {
    const { output } = await this.spawn(['--listTests'], 'pipe');
    return output.split('\n').filter((line) => line.endsWith('.ts'));
  }

  /** Runs the tests. A jest that broke down counts as one failure. */
  async run(): Promise<TestCounts> {
    const results = join(tmpdir(), `berth-test-results-${process.pid}-${this.projects.join('-')}.json`);
    rmSync(results, { force: true });
    process.env[RESULTS_VARIABLE] = results;
    const reporter = join(__dirname, 'progress-reporter.js');
    const { code } = await this.spawn(
      ['--passWithNoTests', `--maxWorkers=${this.workers}`, `--reporters=${reporter}`],
      'inherit',
    );
    try {
      const counts = JSON.parse(readFileSync(results, 'utf8')) as TestCounts;
      // jest may fail for another reason than a test: an open coverage threshold, a teardown that threw.
      return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
    } catch {
      return { passed: 0, failed: 1, skipped: 0 };
    } finally {
      rmSync(results, { force: true });
    }
  }

  stop(): void {
    this.child?.kill('SIGTERM');
  }

  private spawn(args: string[], stdout: 'pipe' | 'inherit'): Promise<{ code: number; output: string }> {
    // --no-warnings and the like stay the caller's: NODE_OPTIONS passes through.
    const all = [JEST, '--selectProjects', ...this.projects, ...args, ...this.patternArguments()];
    const child = spawn(process.execPath, all, { cwd: PROJECT_ROOT, stdio: ['ignore', stdout, 'inherit'] });
    this.child = child;
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, output }));
    });
  }

  private patternArguments(): string[] {
    return this.patterns.length > 0 ? ['--testPathPatterns', ...this.patterns] : [];
  }
}
