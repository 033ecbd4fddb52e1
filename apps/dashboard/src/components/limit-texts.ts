import type { Limits } from '../api/types';
import { limitInfo, type LimitName, limitNames } from '../format/limits';
import { exactBitRate, exactBytes, parseBitRate, parseBytes } from '../format/parse-amount';

/** Limits as they stand in the fields of a form. Empty: no limit. */
export type LimitTexts = Record<LimitName, string>;

type Parsed = { value: number | string | null } | { error: string };

export function limitTexts(limits: Partial<Limits> = {}): LimitTexts {
  const texts = limitNames.map((name) => [name, fieldText(name, limits[name])]);
  return Object.fromEntries(texts) as LimitTexts;
}

function fieldText(name: LimitName, value: number | string | null | undefined): string {
  if (value == null) return '';
  if (typeof value === 'string') return value;
  const { kind } = limitInfo[name];
  if (kind === 'bytes' || kind === 'byteRate') return exactBytes(value);
  return kind === 'bitRate' ? exactBitRate(value) : String(value);
}

export function parseLimit(name: LimitName, text: string): Parsed {
  const typed = text.trim();
  if (typed === '') return { value: null };
  const { kind } = limitInfo[name];
  if (kind === 'text') return { value: typed };
  if (kind === 'bytes' || kind === 'byteRate') return orError(parseBytes(typed), 'such as 512 MiB or 2 GiB');
  if (kind === 'bitRate') return orError(parseBitRate(typed), 'such as 100 Mbit/s');
  const value = Number(typed.replace(',', '.'));
  if (Number.isNaN(value)) return { error: 'must be a number' };
  return kind === 'count' && !Number.isInteger(value) ? { error: 'must be a whole number' } : { value };
}

const orError = (value: number | null, example: string): Parsed =>
  value === null ? { error: `must be a size ${example}` } : { value };

/** What the fields say; null where one of them can't be read (it says so itself). */
export function limitsOf(texts: LimitTexts): Limits | null {
  const parsed = limitNames.map((name) => [name, parseLimit(name, texts[name])] as const);
  if (parsed.some(([, one]) => 'error' in one)) return null;
  return Object.fromEntries(
    parsed.map(([name, one]) => [name, (one as { value: unknown }).value]),
  ) as unknown as Limits;
}

/** Only what differs from what it was: the API merges, and leaves the others as they are. */
export function changedLimits(texts: LimitTexts, before: Limits): Partial<Limits> | null {
  const limits = limitsOf(texts);
  if (!limits) return null;
  return Object.fromEntries(
    limitNames.filter((name) => limits[name] !== before[name]).map((name) => [name, limits[name]]),
  );
}
