import type { AggregatedResult, Test, TestCaseResult, TestResult } from '@jest/reporters';
import { writeFileSync } from 'node:fs';

/** Where `npm test` wants the counts of one jest run. */
export const RESULTS_VARIABLE = 'BERTH_TEST_RESULTS';

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** How long jest may take to end after its last test: its teardown, and what the tests have left open. */
const END_TIMEOUT_MS = 60_000;

/** A line a test file, the failures in full, and the counts in a file for `npm test` to add up. */
export default class ProgressReporter {
  onTestResult({ context, path }: Test, result: TestResult): void {
    const project = context.config.displayName?.name ?? '';
    const file = path.slice(context.config.rootDir.length + 1);
    const { numPassingTests, numFailingTests, numPendingTests, numTodoTests } = result;
    const failed = numFailingTests > 0 || result.testExecError !== undefined;
    const counts = [
      `${numPassingTests} passed`,
      ...(numFailingTests > 0 ? [`${numFailingTests} failed`] : []),
      ...(numPendingTests + numTodoTests > 0 ? [`${numPendingTests + numTodoTests} skipped`] : []),
    ];
    console.log(`${failed ? '✗' : '✓'} ${project} ${file}: ${counts.join(', ')} (${secondsOf(result)} s)`);
    for (const test of result.testResults)
      if (test.status === 'failed') console.log(`    ✗ ${test.fullName}`);
    if (failed && result.failureMessage) console.log(result.failureMessage);
  }

  /** Long system tests show that they move. */
  onTestCaseResult({ context }: Test, { status, title, duration }: TestCaseResult): void {
    if (!['system', 'vm'].includes(context.config.displayName?.name ?? '') || status === 'pending') return;
    const mark = status === 'passed' ? '✓' : '✗';
    console.log(`    ${mark} ${title} (${((duration ?? 0) / 1000).toFixed(1)} s)`);
  }

  onRunComplete(_contexts: unknown, results: AggregatedResult): void {
    const file = process.env[RESULTS_VARIABLE];
    if (file) writeFileSync(file, JSON.stringify(countsOf(results)));
    // A connection that a test forgot would hold `npm test` up for ever. Unreferenced: it ends only what doesn't end itself.
    setTimeout(() => {
      console.log(
        `! jest did not end ${END_TIMEOUT_MS / 1000} s after its last test: a test left something open`,
      );
      process.exit(1);
    }, END_TIMEOUT_MS).unref();
  }
}

function countsOf(results: AggregatedResult): TestCounts {
  return {
    passed: results.numPassedTests,
    // A file that can't be loaded has no tests to count, but it has failed.
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

function secondsOf({ perfStats }: TestResult): string {
  return ((perfStats.end - perfStats.start) / 1000).toFixed(1);
}
