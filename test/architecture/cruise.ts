import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';

export const PROJECT_ROOT = resolve(__dirname, '../..');

/** One import that breaks a rule. */
export interface Violation {
  rule: string;
  from: string;
  to: string;
}

interface CruiserReport {
  summary: {
    totalCruised: number;
    violations: { rule: { name: string; severity: string }; from: string; to: string }[];
  };
}

/** Holds the tree at `root` to the import law (.dependency-cruiser.cjs and tsconfig.import-law.json there). */
export async function cruise(
  root: string,
  places: string[],
): Promise<{ modules: number; violations: Violation[] }> {
  const program = join(PROJECT_ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...places];
  const stdout = await new Promise<string>((done, fail) => {
    // The exit code doesn't matter: violations are read from the report.
    execFile(process.execPath, args, { cwd: root, maxBuffer: 256 * 1024 * 1024 }, (_error, out, stderr) =>
      out.startsWith('{') ? done(out) : fail(new Error(`dependency-cruiser gave no report: ${stderr}`)),
    );
  });
  const { summary } = JSON.parse(stdout) as CruiserReport;
  return {
    modules: summary.totalCruised,
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}
