import { z } from 'zod';

import { deviceNameSchema, deviceSchema, featureSchema } from '../features';
import { limitsSchema } from '../limits';
import {
  dnsLabelSchema,
  dnsNameSchema,
  externalIdSchema,
  hostnameSchema,
  labelsSchema,
  rootPasswordSchema,
} from '../names';
import { sshKeySchema } from '../ssh-key';
import { serverStatusSchema } from '../states';
import { suspensionsViewSchema } from '../suspension';
import {
  anyOfParameter,
  flagParameter,
  labelSelectorParameter,
  idsParameter,
  listQuerySchema,
  referenceSchema,
  searchParameter,
  timeSchema,
  uuidSchema,
} from './list-query';
import { limitsViewSchema } from './plans';

export const createServerBodySchema = z.strictObject({
  name: dnsLabelSchema,
  plan: referenceSchema,
  template: referenceSchema,
  /** `lab`, or the only one, where it is not said. */
  location: referenceSchema.optional(),
  /** Billing and operators say whose it will be; customers need not, and can't say another's. */
  tenant_id: uuidSchema.optional(),
  ssh_keys: z.array(sshKeySchema).max(50).default([]),
  /** Made up, and answered once, where neither a password nor a key is given. */
  root_password: rootPasswordSchema.optional(),
  labels: labelsSchema.default({}),
  external_id: externalIdSchema.nullish(),
  /** Addresses. IPv6 (a /64 each) falls to 0 in a location that has none, unless it was asked for. */
  ipv4: z.int().min(0).max(16).default(1),
  ipv6: z.int().min(0).max(16).optional(),
  start: z.boolean().default(true),
  onboot: z.boolean().default(true),
  /** Lower ones start first after the host's boot. */
  boot_order: z.int().min(0).max(1_000_000).default(0),
});
export type CreateServerBody = z.output<typeof createServerBodySchema>;

/** What is not named stays; `labels` is replaced as a whole. */
export const patchServerBodySchema = z.strictObject({
  name: dnsLabelSchema.optional(),
  labels: labelsSchema.optional(),
  external_id: externalIdSchema.nullish(),
  onboot: z.boolean().optional(),
  boot_order: z.int().min(0).max(1_000_000).optional(),
});
export type PatchServerBody = z.output<typeof patchServerBodySchema>;

export const listServersQuerySchema = listQuerySchema(['created_at', 'name', 'id', 'status'], {
  /**
   * A part of the name, hostname or external id; the beginning of an address or id; for billing and operators a part of the
   * tenant's name too.
   */
  id: idsParameter.optional(),
  search: searchParameter.optional(),
  name: dnsLabelSchema.optional(),
  status: anyOfParameter(serverStatusSchema).optional(),
  external_id: externalIdSchema.optional(),
  label_selector: labelSelectorParameter.optional(),
  tenant_id: uuidSchema.optional(),
  plan: referenceSchema.optional(),
  template: referenceSchema.optional(),
  location: referenceSchema.optional(),
  /** Operators only. */
  host: referenceSchema.optional(),
  host_id: uuidSchema.optional(),
  /** Operators only: the deleted ones of the last 30 days too. */
  deleted: flagParameter.optional(),
});
export type ListServersQuery = z.output<typeof listServersQuerySchema>;

export const getServerQuerySchema = z.strictObject({ deleted: flagParameter.optional() });

export const serverAddressSchema = z.object({
  address: z.string(),
  family: z.int(),
  prefix: z.int(),
  rdns: z.string().nullable(),
  primary: z.boolean(),
});
export type ServerAddressView = z.output<typeof serverAddressSchema>;

export const serverSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  hostname: z.string(),
  status: serverStatusSchema,
  /** Frozen to its host's disk: it holds no memory, and `restore` lets it go on. Only with status `frozen`. */
  checkpointed: z.boolean(),
  tenant_id: z.uuid(),
  /** Operators only. */
  host_id: z.uuid().optional(),
  plan: z.string(),
  template: z.string(),
  location: z.string(),
  limits: limitsViewSchema,
  addresses: z.array(serverAddressSchema),
  features: z.array(featureSchema),
  /** Operators only. */
  devices: z.array(deviceSchema).optional(),
  external_id: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  onboot: z.boolean(),
  boot_order: z.int(),
  /** Id of the operation under way. */
  operation: z.uuid().nullable(),
  protection: z.object({ delete: z.boolean() }),
  /** Why, by whom it is asked for; its status follows when the operation has ended. */
  suspension: suspensionsViewSchema,
  /** When it will be deleted: its termination can be taken back until then. */
  terminate_at: timeSchema.nullable(),
  created_at: timeSchema,
  deleted_at: timeSchema.nullable(),
});
export type ServerView = z.output<typeof serverSchema>;

/** For actions that take nothing: an empty body or `{}`. */
export const emptyBodySchema = z.strictObject({});
export const stopServerBodySchema = z.strictObject({
  /** Seconds until a guest that doesn't end is killed. */
  timeout_s: z.int().min(0).max(3600).default(30),
});
export const resetPasswordBodySchema = z.strictObject({ root_password: rootPasswordSchema.optional() });
export const setHostnameBodySchema = z.strictObject({ hostname: hostnameSchema });
export const changeProtectionBodySchema = z.strictObject({ delete: z.boolean() });

/** One of the two. `limits` merges: what is not named stays, null lifts; customers resize by plan. */
export const resizeBodySchema = z
  .strictObject({ plan: referenceSchema.optional(), limits: limitsSchema.optional() })
  .superRefine(({ plan, limits }, context) => {
    if ((plan === undefined) !== (limits === undefined)) return;
    const message = plan === undefined ? 'is needed, or limits' : 'and limits exclude each other';
    context.addIssue({ code: 'custom', path: ['plan'], message });
  });
export type ResizeBody = z.output<typeof resizeBodySchema>;

/** Everything on the disk is lost. A password is made up, and answered once, where neither it nor the server has a key. */
export const reinstallBodySchema = z.strictObject({
  template: referenceSchema,
  root_password: rootPasswordSchema.optional(),
  /** All that it has from now on; it keeps what it had where this isn't said. `quota` wants a disk made for it: this makes one. */
  features: z
    .array(featureSchema)
    .transform((features) => [...new Set(features)])
    .optional(),
});
export type ReinstallBody = z.output<typeof reinstallBodySchema>;

export const featureBodySchema = z.strictObject({ feature: featureSchema });
export const addDeviceBodySchema = deviceSchema;
export const removeDeviceBodySchema = z.strictObject({ device: deviceNameSchema });
export const addAddressBodySchema = z.strictObject({ family: z.union([z.literal(4), z.literal(6)]) });
/** An address of the server, in any notation. */
const ownAddress = z.union([z.ipv4(), z.ipv6()], 'must be an IP address');
export const removeAddressBodySchema = z.strictObject({ address: ownAddress });
/** `name: null` clears. */
export const setRdnsBodySchema = z.strictObject({ address: ownAddress, name: dnsNameSchema.nullable() });
export type SetRdnsBody = z.output<typeof setRdnsBodySchema>;

export const execResultSchema = z.object({
  exit_code: z.int(),
  stdout: z.string(),
  stderr: z.string(),
  /** True where the output was longer than what is kept. */
  truncated: z.boolean(),
});
export type ExecResultView = z.output<typeof execResultSchema>;
