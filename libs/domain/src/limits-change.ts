import { limitNames, type Capability, type LimitName, type Limits } from '@berth/contracts';

/** What a resize does: `limits` are the new values, `previous` the same names' old ones; null is no limit. */
export interface LimitsChange {
  limits: Limits;
  previous: Limits;
}

/** `change` over `current`: what it names replaces (null lifts), the rest stays. Limits that aren't set are left out. */
export function mergeLimits(current: Limits, change: Limits): Limits {
  const merged = Object.entries({ ...current, ...change });
  return Object.fromEntries(merged.filter(([, value]) => value !== null && value !== undefined));
}

/** The limits that `change` names and that it changes: what it repeats is nothing that a host has to do. */
export function limitsChange(current: Limits, change: Limits): LimitsChange {
  const named = limitNames.filter(
    (name) => change[name] !== undefined && (change[name] ?? null) !== (current[name] ?? null),
  );
  const pick = (from: Limits): Limits => Object.fromEntries(named.map((name) => [name, from[name] ?? null]));
  return { limits: pick(change), previous: pick(current) };
}

/** A plan as a change: it has the last word on every limit, so that what it doesn't name is lifted. */
export function wholeLimits(plan: Limits): Limits {
  return Object.fromEntries(limitNames.map((name) => [name, plan[name] ?? null]));
}

/** What a host has to be able to do for the limits that are set. */
export function capabilitiesOf(limits: Limits): Capability[] {
  const set = limitNames.filter((name: LimitName) => limits[name] !== null && limits[name] !== undefined);
  return set.map((name) => `limit:${name}` as const);
}
