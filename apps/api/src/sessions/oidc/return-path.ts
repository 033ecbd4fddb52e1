import { parseUrl } from '@berth/contracts';

const HERE = 'http://here.invalid';
const HOME = '/';

/**
 * The path to go to after the sign-in: the one that was asked for where it is a page of ours, else the start page. Judged
 * by what a browser makes of it (`/\host`, `//host`, tabs between), and that once more: `/.//host` becomes `//host`.
 */
export function returnPath(asked: string | undefined): string {
  if (asked === undefined || !asked.startsWith('/')) return HOME;
  const url = parseUrl(asked, HERE);
  if (!url) return HOME;
  const { origin, pathname, search, hash } = url;
  // No route of the API: a GET of it would be sent in the signed-in person's name.
  if (origin !== HERE || pathname.startsWith('//') || pathname.startsWith('/v1/')) return HOME;
  return pathname + search + hash;
}
