import { RuntimeError } from '../runtime-error';
import type { RuntimeErrorCode } from '../runtime-error';

/** What ssh2 says of a connection that did not come about; `denied` tells that the host showed another key. */
export function connectError(host: string, where: string, cause: Error, denied: string | null): RuntimeError {
  const code = codeOf(cause, denied);
  const why = {
    host_key_mismatch: `it shows the host key ${denied}, not the pinned one: make sure that nobody sits in between, then enrol it again`,
    auth_failed: `it does not accept the key: ${cause.message}`,
  }[code as string];
  const action = 'connect';
  return new RuntimeError(code, `${host} (${where}): ${why ?? cause.message}`, { host, action }, { cause });
}

function codeOf(cause: Error, denied: string | null): RuntimeErrorCode {
  if (denied) return 'host_key_mismatch';
  const { level } = cause as { level?: string };
  if (level === 'client-authentication' || /parse privateKey|passphrase/i.test(cause.message))
    return 'auth_failed';
  return 'unreachable';
}
