import { z } from 'zod';

import { listQuerySchema, referenceSchema, timeSchema } from './list-query';

const addressText = z
  .string()
  .max(64)
  .regex(/^[0-9a-fA-F.:]+$/, 'must be an IP address');

export const createIpPoolBodySchema = z.strictObject({
  cidr: z
    .string()
    .max(64)
    .regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, 'must be a network such as 203.0.113.0/24'),
  location: referenceSchema,
  /** Kept free: it is the router's. */
  gateway: addressText.nullish(),
  /** 4 or 6; told by `cidr` anyway, and must agree with it. */
  family: z.union([z.literal(4), z.literal(6)]).optional(),
});
export type CreateIpPoolBody = z.output<typeof createIpPoolBodySchema>;

/** The gateway can change while no server has it; the network can't: make another pool. */
export const patchIpPoolBodySchema = z.strictObject({ gateway: addressText.nullish() });
export type PatchIpPoolBody = z.output<typeof patchIpPoolBodySchema>;

export const listIpPoolsQuerySchema = listQuerySchema(['created_at', 'cidr', 'id'], {
  location: referenceSchema.optional(),
  family: z.enum(['4', '6']).transform(Number).optional(),
});
export type ListIpPoolsQuery = z.output<typeof listIpPoolsQuerySchema>;

export const ipPoolSchema = z.object({
  id: z.uuid(),
  cidr: z.string(),
  family: z.int(),
  gateway: z.string().nullable(),
  location: z.string(),
  /** Addresses (IPv4) or /64 networks (IPv6) in the network, the reserved ones included. */
  size: z.int(),
  used: z.int(),
  created_at: timeSchema,
});
export type IpPoolView = z.output<typeof ipPoolSchema>;
