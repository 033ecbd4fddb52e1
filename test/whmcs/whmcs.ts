import { execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../../integrations/whmcs');

export type ModuleResult = string | Record<string, unknown>;

export interface ModuleCall {
  function: string;
  params: Record<string, unknown>;
}

/** A row of WHMCS's tblhosting. */
export interface HostingRow extends Record<string, unknown> {
  id: number;
  userid: number;
  server: number;
  domainstatus: string;
}

export interface ModuleOutcome {
  results: ModuleResult[];
  log: { module: string; action: string; request: string; response: string }[];
  localApi: [string, Record<string, unknown>][];
  services: HostingRow[];
  properties: Record<string, Record<string, string>>;
}

/** Runs calls of the module one after the other in one PHP process; needs Debian's php-cli and php-curl. */
export async function callModule(
  calls: ModuleCall[],
  around: { services?: HostingRow[]; properties?: ModuleOutcome['properties'] } = {},
): Promise<ModuleOutcome> {
  const child = spawn('php', ['-d', 'display_errors=stderr', join(ROOT, 'testing/harness.php')]);
  const output: Buffer[] = [];
  const problems: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => problems.push(chunk));
  child.stdin.end(JSON.stringify({ ...around, calls }));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`php ended with ${code}: ${Buffer.concat([...problems, ...output])}`);
  return JSON.parse(Buffer.concat(output).toString()) as ModuleOutcome;
}

/** Every PHP file of the integration. */
export const phpFiles = (): string[] =>
  readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.php'))
    .map((name) => join(ROOT, name));

/** Throws PHP's own words where a file has a syntax error. */
export const lint = (file: string) => promisify(execFile)('php', ['-l', file]);
