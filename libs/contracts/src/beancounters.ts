import { z } from 'zod';

export const beancounterResourceSchema = z.enum([
  'physpages',
  'swappages',
  'kmemsize',
  'numproc',
  'cputime',
  'diskspace',
  'diskinodes',
  'ioread',
  'iowrite',
  'netin',
  'netout',
]);
export type BeancounterResource = z.output<typeof beancounterResourceSchema>;

export const beancounterUnitSchema = z.enum(['pages', 'bytes', 'count', 'us']);
export type BeancounterUnit = z.output<typeof beancounterUnitSchema>;

/** Pages are of 4 KiB; `us` microseconds of processor time. */
export const beancounterUnits: Readonly<Record<BeancounterResource, BeancounterUnit>> = {
  physpages: 'pages',
  swappages: 'pages',
  kmemsize: 'bytes',
  numproc: 'count',
  cputime: 'us',
  diskspace: 'bytes',
  diskinodes: 'count',
  ioread: 'bytes',
  iowrite: 'bytes',
  netin: 'bytes',
  netout: 'bytes',
};

/**
 * One resource of a server, as OpenVZ counted. `held` of cputime, ioread, iowrite, netin and netout is the sum since the
 * server was made, over its restarts; of the others what it has now. `maxheld` and `failcnt` (how often it hit the
 * limit) go on over restarts too. Null barrier or limit: unlimited.
 */
export const beancounterSchema = z.object({
  resource: beancounterResourceSchema,
  unit: beancounterUnitSchema,
  held: z.int().nonnegative(),
  maxheld: z.int().nonnegative(),
  barrier: z.int().nonnegative().nullable(),
  limit: z.int().nonnegative().nullable(),
  failcnt: z.int().nonnegative(),
});
export type Beancounter = z.output<typeof beancounterSchema>;
