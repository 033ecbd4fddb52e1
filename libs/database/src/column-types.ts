import type { ValueTransformer } from 'typeorm';

/** Postgres hands out bigint and numeric as text; all of ours are below 2^53. */
export const asNumber: ValueTransformer = {
  to: (value: number | null | undefined) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};
