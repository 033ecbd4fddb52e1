import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BerthError } from '@berth/domain';
import type { CurrentSession } from '../http/request-context';

/** Set by browsers alone, pages can't; `none`: typed in, or a bookmark. */
const OWN_SITES = new Set(['same-origin', 'none']);

export const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** Refuses what a page of another origin sends by a visitor's browser. Programs send no such header. */
export function assertSameSite(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || OWN_SITES.has(String(site))) return;
  throw new BerthError('forbidden', 'the request comes from another site (Sec-Fetch-Site)');
}

function isEqual(given: unknown, expected: string): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Throws `forbidden` where a request with a session's cookie may have been forged by another site's page. */
export function assertNotForged(
  request: { method: string; headers: IncomingHttpHeaders },
  session: CurrentSession,
): void {
  if (isRead(request.method)) return;
  assertSameSite(request.headers);
  if (isEqual(request.headers['x-csrf-token'], session.csrfToken)) return;
  throw new BerthError(
    'forbidden',
    "send the session's csrf_token in the header X-CSRF-Token (GET /v1/session answers it)",
  );
}
