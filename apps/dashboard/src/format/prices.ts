import type { Plan } from '../api/types';
import { bytes, money } from './amounts';

type Price = NonNullable<Plan['price']>;

export const hourText = ({ hourly_micros, currency }: Price) => `${money(hourly_micros, currency)} an hour`;

/** `€2.00 a month`: what a month costs at most. */
export const capText = ({ monthly_cap_micros, currency }: Price) =>
  monthly_cap_micros === null ? 'no monthly cap' : `${money(monthly_cap_micros, currency)} a month`;

export function trafficText(price: Price): string {
  const { included_traffic_bytes, overage_micros_per_gib, currency } = price;
  const included =
    included_traffic_bytes > 0
      ? `${bytes(included_traffic_bytes)} traffic out a month`
      : 'No traffic included';
  return overage_micros_per_gib > 0
    ? `${included}, then ${money(overage_micros_per_gib, currency)} per GiB`
    : `${included}, more is free`;
}
