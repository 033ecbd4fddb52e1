/**
 * The URL that a text is, or null. Not by `URL.canParse`: once V8 has optimized a caller, Node 20 says no to every text with
 * a letter beyond ASCII (it takes Latin-1 for UTF-8).
 */
export function parseUrl(text: string, base?: string | URL): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}
