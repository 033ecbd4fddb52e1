import type { Plan } from '../../api/types';
import { exactBytes, parseBytes } from '../../format/parse-amount';

type Price = NonNullable<Plan['price']>;

/** A price as it stands in the fields of a form: amounts in the currency's unit. */
export type PriceTexts = Record<keyof Price, string>;

const MICROS = 1_000_000;

export function priceTexts(price: Price | null | undefined): PriceTexts {
  if (!price) {
    return {
      currency: 'EUR',
      hourly_micros: '',
      monthly_cap_micros: '',
      included_traffic_bytes: '1 TiB',
      overage_micros_per_gib: '0',
    };
  }
  const amount = (micros: number) => String(micros / MICROS);
  return {
    currency: price.currency,
    hourly_micros: amount(price.hourly_micros),
    monthly_cap_micros: price.monthly_cap_micros === null ? '' : amount(price.monthly_cap_micros),
    included_traffic_bytes: exactBytes(price.included_traffic_bytes),
    overage_micros_per_gib: amount(price.overage_micros_per_gib),
  };
}

/** `0.0045` → 4500. Finer than a millionth is no price. */
function micros(text: string): number | null {
  const amount = text.trim().replace(',', '.');
  return /^\d+(\.\d{1,6})?$/.test(amount) ? Math.round(Number(amount) * MICROS) : null;
}

export function priceErrors(texts: PriceTexts): Partial<PriceTexts> {
  const errors: Partial<PriceTexts> = {};
  const amount = 'must be an amount such as 0.0045, with six decimals at most';
  if (!/^[A-Z]{3}$/.test(texts.currency)) errors.currency = 'must be three letters such as EUR';
  // Empty is no error yet: it was not come to.
  if (texts.hourly_micros && micros(texts.hourly_micros) === null) errors.hourly_micros = amount;
  if (texts.monthly_cap_micros && micros(texts.monthly_cap_micros) === null)
    errors.monthly_cap_micros = amount;
  if (micros(texts.overage_micros_per_gib) === null) errors.overage_micros_per_gib = amount;
  if (parseBytes(texts.included_traffic_bytes) === null)
    errors.included_traffic_bytes = 'must be a size such as 1 TiB';
  return errors;
}

/** Null where something in it can't be read. */
export function priceOf(texts: PriceTexts): Price | null {
  const hourly = micros(texts.hourly_micros);
  if (hourly === null || Object.keys(priceErrors(texts)).length > 0) return null;
  return {
    currency: texts.currency,
    hourly_micros: hourly,
    monthly_cap_micros: texts.monthly_cap_micros ? micros(texts.monthly_cap_micros) : null,
    included_traffic_bytes: parseBytes(texts.included_traffic_bytes)!,
    overage_micros_per_gib: micros(texts.overage_micros_per_gib)!,
  };
}
