export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs one check after the other and counts. They build on each other: after a failure the rest is skipped. */
export class Checks {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 };

  /** @returns whether it passed */
  async check(name: string, run: () => Promise<void>): Promise<boolean> {
    if (this.counts.failed > 0) {
      this.counts.skipped++;
      console.log(`- ${name} (skipped)`);
      return false;
    }
    const started = Date.now();
    console.log(`… ${name}`);
    try {
      await run();
    } catch (error) {
      this.counts.failed++;
      console.log(`✗ ${name}\n${indent(explain(error))}`);
      return false;
    }
    this.counts.passed++;
    console.log(`✓ ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    return true;
  }

  add(more: Counts): void {
    for (const key of ['passed', 'failed', 'skipped'] as const) this.counts[key] += more[key];
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${explain(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
