import { parseUrl } from '@berth/contracts';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser's page may open a console: only one of the API's own origin. Programs send no Origin. Behind a proxy that
 * changes Host the public URL tells our origin.
 */
export function isOwnOrigin(headers: IncomingHttpHeaders, publicUrl: string | null): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  const from = parseUrl(origin);
  if (!from) return false;
  return (publicUrl !== null && from.origin === new URL(publicUrl).origin) || from.host === host;
}
