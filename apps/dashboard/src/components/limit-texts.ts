import type { Limits } from '../api/types';
import { limitInfo, type LimitName, limitNames } from '../format/limits';
import { amountText, parseAmount } from '../format/parse-amount';

/** Limits as they stand in the fields of a form. Empty: no limit. */
export type LimitTexts = Record<LimitName, string>;

export function limitTexts(limits: Partial<Limits> = {}): LimitTexts {
  const texts = limitNames.map((name) => [name, amountText(limitInfo[name].kind, limits[name])]);
  return Object.fromEntries(texts) as LimitTexts;
}

const parseLimit = (name: LimitName, text: string) => parseAmount(limitInfo[name].kind, text);

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
