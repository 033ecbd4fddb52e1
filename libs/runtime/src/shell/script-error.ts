import { RuntimeError } from '../runtime-error';
import type { RuntimeErrorCode } from '../runtime-error';

const LOG_TAIL_LINES = 12;
/** Scripts say what went wrong as `berth-error: <code> <words>` on stderr before they exit. */
const MARK = /^berth-error: ([a-z_]+) (.*)$/;
const CODES: ReadonlySet<string> = new Set<RuntimeErrorCode>([
  'invalid_input',
  'host_unsuitable',
  'busy',
  'fenced',
  'not_found',
  'not_running',
  'unsupported',
  'template_missing',
  'template_corrupt',
  'no_space',
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
      return new RuntimeError(code as RuntimeErrorCode, `${host}: cannot ${action}: ${words}`, details);
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
