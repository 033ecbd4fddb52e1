/** `create_server` → `Create server`. */
export function words(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The part of an id that people compare. */
export const shortId = (id: string) => id.slice(-8);
