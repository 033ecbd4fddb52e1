const BINARY: Record<string, number> = { b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };
const DECIMAL: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 };
const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const RATES = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'] as const;

/** What people type as a size, in bytes: `2 GiB`, `512M`, `1.5t`, `4096`. Null: it can't be read. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:[.,]\d+)?)\s*(?:(b)|([kmgtp])(?:i?b)?)?(?:\/s)?$/i.exec(text.trim());
  if (!match) return null;
  const [, amount, plain, unit] = match;
  return scaled(amount!, 1024 ** (BINARY[(unit ?? plain ?? 'b').toLowerCase()] ?? 0));
}

/** What people type as a rate, in bits a second: `100 Mbit/s`, `1 Gbit`, `64k`, `9600`. */
export function parseBitRate(text: string): number | null {
  const match = /^(\d+(?:[.,]\d+)?)\s*([kmgt]?)(?:bit|b)?(?:\/s|ps)?$/i.exec(text.trim());
  if (!match) return null;
  return scaled(match[1]!, 1000 ** (DECIMAL[match[2]!.toLowerCase()] ?? 0));
}

function scaled(amount: string, unit: number): number | null {
  const value = Math.round(Number(amount.replace(',', '.')) * unit);
  return Number.isSafeInteger(value) ? value : null;
}

/** For a field: the largest unit that says it exactly, so that what is read again is the same. */
export const exactBytes = (value: number) => exact(value, 1024, SIZES);
export const exactBitRate = (value: number) => exact(value, 1000, RATES);

function exact(value: number, step: number, units: readonly string[]): string {
  let unit = units.length - 1;
  while (unit > 0 && (value < step ** unit || !Number.isInteger((value / step ** unit) * 100))) unit -= 1;
  return `${value / step ** unit} ${units[unit]}`;
}

export type AmountKind = 'bytes' | 'byteRate' | 'bitRate' | 'count' | 'percent' | 'number' | 'text';

/** What was typed into a field, or what is wrong with it. Empty is null: no limit. */
export type Parsed = { value: number | string | null } | { error: string };

export function parseAmount(kind: AmountKind, text: string): Parsed {
  const typed = text.trim();
  if (typed === '') return { value: null };
  if (kind === 'text') return { value: typed };
  if (kind === 'bytes' || kind === 'byteRate') return orError(parseBytes(typed), 'such as 512 MiB or 2 GiB');
  if (kind === 'bitRate') return orError(parseBitRate(typed), 'such as 100 Mbit/s');
  const value = Number(typed.replace(',', '.'));
  if (Number.isNaN(value)) return { error: 'must be a number' };
  return kind === 'count' && !Number.isInteger(value) ? { error: 'must be a whole number' } : { value };
}

const orError = (value: number | null, example: string): Parsed =>
  value === null ? { error: `must be a size ${example}` } : { value };

/** Null where it is none, or can't be read. */
export function amountOf(kind: AmountKind, text: string): number | null {
  const parsed = parseAmount(kind, text);
  return 'value' in parsed && typeof parsed.value === 'number' ? parsed.value : null;
}

/** As it stands in a field: read again, it is the same. */
export function amountText(kind: AmountKind, value: number | string | null | undefined): string {
  if (value == null) return '';
  if (typeof value === 'string') return value;
  if (kind === 'bytes' || kind === 'byteRate') return exactBytes(value);
  return kind === 'bitRate' ? exactBitRate(value) : String(value);
}
