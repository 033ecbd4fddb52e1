import { z } from 'zod';

import { resourceNameSchema } from '../names';
import { listQuerySchema } from './list-query';

export const locationBodySchema = z.strictObject({ name: resourceNameSchema });
export type LocationBody = z.output<typeof locationBodySchema>;

export const listLocationsQuerySchema = listQuerySchema(['name', 'created_at', 'id'], {
  name: resourceNameSchema.optional(),
});
export type ListLocationsQuery = z.output<typeof listLocationsQuerySchema>;

export const locationSchema = z.object({ id: z.uuid(), name: z.string() });
export type LocationView = z.output<typeof locationSchema>;
