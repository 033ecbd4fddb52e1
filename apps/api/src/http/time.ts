/** ISO 8601 in UTC, as every time in the API. */
export function isoTime(date: Date): string;
export function isoTime(date: Date | null): string | null;
export function isoTime(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
