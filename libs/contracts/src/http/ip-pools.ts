import { z } from 'zod';

import { integerParameter, listMetaSchema, listQuerySchema, referenceSchema, timeSchema } from './list-query';

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
  /** They add up to `size`. Reserved: given to no server, as the network's own address and the gateway. */
  usage: z.object({ assigned: z.int(), free: z.int(), reserved: z.int() }),
  created_at: timeSchema,
});
export type IpPoolView = z.output<typeof ipPoolSchema>;

export const listPoolAddressesQuerySchema = z.strictObject({
  page: integerParameter(1, 10_000_000).prefault('1'),
  /** A /24 by default. */
  per_page: integerParameter(1, 1024).prefault('256'),
});
export type ListPoolAddressesQuery = z.output<typeof listPoolAddressesQuerySchema>;

export const poolAddressSchema = z.object({
  /** Of an IPv6 network its first address. */
  address: z.string(),
  prefix: z.int(),
  state: z.enum(['free', 'assigned', 'reserved']),
  /** Of a reserved one. */
  reserved_for: z.enum(['network', 'broadcast', 'gateway']).nullable(),
  server: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  tenant_id: z.uuid().nullable(),
  rdns: z.string().nullable(),
  assigned_at: timeSchema.nullable(),
  /** When a free one was given back; null: it never was a server's. */
  released_at: timeSchema.nullable(),
});
export type PoolAddressView = z.output<typeof poolAddressSchema>;

export const poolAddressesSchema = z.object({
  /** IPv4: every address of the network. IPv6: those that servers have, since no page could show all. */
  addresses: z.array(poolAddressSchema),
  ip_pool: ipPoolSchema,
  meta: listMetaSchema,
});
export type PoolAddressesView = z.output<typeof poolAddressesSchema>;
