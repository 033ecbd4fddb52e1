import { limitNames, type Limits, type LimitsView } from '@berth/contracts';

/** Every limit by name; those that are not set are null. */
export function limitsView(limits: Limits): LimitsView {
  return Object.fromEntries(limitNames.map((name) => [name, limits[name] ?? null])) as LimitsView;
}
