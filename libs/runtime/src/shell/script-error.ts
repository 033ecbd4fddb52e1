import { RuntimeError } from '../runtime-error';
import type { RuntimeErrorCode } from '../runtime-error';

const LOG_TAIL_LINES = 12;
/** Scripts say what went wrong as `berth-error: <code> <words>` on stderr before they exit. */
const MARK = /^berth-error: ([a-z_]+) (.*)$/;
/** What the error is about, where more than words are wanted: `berth-detail: <name> <value>`. */
const DETAIL = /^berth-detail: (capability|limit|used|requested) (\S+)$/;
const CODES: ReadonlySet<string> = new Set<RuntimeErrorCode>([
  'invalid_input',
  'host_unsuitable',
  'busy',
  'fenced',
  'not_found',
  'not_running',
  'unsupported',
  'limit_too_low',
  'device_missing',
  'device_in_use',
  'template_missing',
  'template_corrupt',
  'no_space',
  'conflict',
  'checkpoint_failed',
  'restore_failed',
  'in_migration',
  'peer_unreachable',
  'timeout',
  'command_failed',
]);

/** What a script that did not exit with 0 died of; the last mark wins. */
export function scriptError(host: string, action: string, exitCode: number, stderr: string): RuntimeError {
  const lines = stderr.trimEnd().split('\n');
  const logTail = lines.slice(-LOG_TAIL_LINES).join('\n');
  const details = { host, action, exitCode, logTail };
  for (const line of lines.reverse()) {
    const [, code, words] = MARK.exec(line) ?? [];
    if (code && CODES.has(code)) {
      const message = `${host}: cannot ${action}: ${words}`;
      return new RuntimeError(code as RuntimeErrorCode, message, { ...details, ...namedDetails(lines) });
    }
  }
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    return new RuntimeError('no_space', `${host}: cannot ${action}: no space left`, details);
  }
  const last = lines.find((line) => line.trim()) ?? 'it said nothing';
  return new RuntimeError(
    'command_failed',
    `${host}: cannot ${action}: exit code ${exitCode}: ${last}`,
    details,
  );
}

function namedDetails(lines: readonly string[]): Record<string, string | number> {
  const found = lines.flatMap((line) => (DETAIL.exec(line) ? [DETAIL.exec(line)!] : []));
  return Object.fromEntries(
    found.map(([, name = '', value = '']) => [name, /^\d+$/.test(value) ? Number(value) : value]),
  );
}
