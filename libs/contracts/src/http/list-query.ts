import { z } from 'zod';

import { parseLabelSelector } from './label-selector';

/** A query parameter that holds a whole number. */
export const integerParameter = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));

export const uuidSchema = z.uuid('must be an id (UUID)').transform((id) => id.toLowerCase());

/** An id, or the name of a thing that has one. Wider than any name, as it is only looked up. */
export const referenceSchema = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._,@+-]{0,252}$/u, 'must be an id or a name');

/** A part of a name and the like, as a person types it. */
export const searchParameter = z
  .string()
  .transform((text) => text.trim())
  .pipe(
    z
      .string()
      .min(1)
      .max(100)
      .regex(/^[^\p{C}]*$/u, 'must not have control characters'),
  );

/** `true` or `false` in a query. */
export const flagParameter = z.enum(['true', 'false']).transform((value) => value === 'true');

/** One value, or the same parameter several times (or comma separated): any of them. */
export const anyOfParameter = <T extends z.ZodType<string, string>>(value: T) =>
  z
    .union([z.string().transform((text) => text.split(',')), z.array(z.string()).max(20)])
    .pipe(z.array(value).min(1).max(100));

/** These alone, by their ids: a page shows the names of all that a list tells of with one request. */
export const idsParameter = anyOfParameter(uuidSchema);

export interface SortOrder<F extends string = string> {
  field: F;
  direction: 'asc' | 'desc';
}

const sortParameter = <const F extends readonly [string, ...string[]]>(fields: F) =>
  z
    .string()
    .regex(
      new RegExp(`^(${fields.join('|')})(:(asc|desc))?$`),
      `must be field:asc or field:desc, with a field of ${fields.join(', ')}`,
    )
    .transform((text): SortOrder<F[number]> => {
      const [field, direction = 'asc'] = text.split(':') as [F[number], 'asc' | 'desc'];
      return { field, direction };
    });

/** Hetzner Cloud's syntax: `k=v,k2!=v2,k3,!k4,k5 in (a,b),k6 notin (a)`. */
export const labelSelectorParameter = z
  .string()
  .max(1000)
  .transform((text, context) => {
    const requirements = parseLabelSelector(text);
    if (requirements) return requirements;
    context.addIssue({
      code: 'custom',
      message: 'must be a label selector such as env=prod,tier!=db,backup,!old',
    });
    return z.NEVER;
  });

/**
 * The query of a list: paging, order, and the filters given. Unknown parameters are refused: a filter with a typing
 * error must not answer everything.
 */
export const listQuerySchema = <
  const F extends readonly [string, ...string[]],
  S extends z.core.$ZodLooseShape,
>(
  sortable: F,
  filters: S,
) =>
  z.strictObject({
    page: integerParameter(1, 10_000_000).prefault('1'),
    per_page: integerParameter(1, 100).prefault('25'),
    sort: sortParameter(sortable).optional(),
    ...filters,
  });

export const paginationSchema = z.object({
  page: z.int(),
  per_page: z.int(),
  total_entries: z.int(),
  last_page: z.int(),
  next_page: z.int().nullable(),
  previous_page: z.int().nullable(),
});
export type Pagination = z.output<typeof paginationSchema>;

export const listMetaSchema = z.object({ pagination: paginationSchema });

/** ISO 8601 in UTC. */
export const timeSchema = z.iso.datetime();
