import { z } from 'zod';

import {
  dnsLabelSchema,
  externalIdSchema,
  labelsSchema,
  resourceNameSchema,
  rootPasswordSchema,
} from '../names';
import { sshKeySchema } from '../ssh-key';
import { snapshotStatusSchema } from '../states';
import { listQuerySchema, referenceSchema, timeSchema, uuidSchema } from './list-query';

export const createSnapshotBodySchema = z.strictObject({
  /** Unique among the server's snapshots; made of the time where it is not given. */
  name: resourceNameSchema.optional(),
  /** With the running processes, which a rollback then lets go on. Of a running server. */
  memory: z.boolean().default(false),
});
export type CreateSnapshotBody = z.output<typeof createSnapshotBodySchema>;

/** What was written since is lost. `memory: false` starts the server anew, though the snapshot holds its processes. */
export const rollbackSnapshotBodySchema = z.strictObject({ memory: z.boolean().default(true) });

const sortable = ['created_at', 'name', 'size_bytes', 'id'] as const;
const filters = { name: resourceNameSchema.optional(), status: snapshotStatusSchema.optional() };

export const listServerSnapshotsQuerySchema = listQuerySchema(sortable, filters);
export const listSnapshotsQuerySchema = listQuerySchema(sortable, {
  ...filters,
  server: referenceSchema.optional(),
  tenant_id: uuidSchema.optional(),
});
export type ListSnapshotsQuery = z.output<typeof listSnapshotsQuerySchema>;

/** An order for a server with the snapshot's files. Plan and limits are those that the snapshot's server had then. */
export const cloneSnapshotBodySchema = z.strictObject({
  name: dnsLabelSchema,
  /** The snapshot's server's own, where not given. */
  ssh_keys: z.array(sshKeySchema).max(50).optional(),
  /** Made up, and answered once, where neither a password nor a key is there. */
  root_password: rootPasswordSchema.optional(),
  labels: labelsSchema.default({}),
  external_id: externalIdSchema.nullish(),
  /** Addresses; as many as the snapshot's server has, where not given. */
  ipv4: z.int().min(0).max(16).optional(),
  ipv6: z.int().min(0).max(16).optional(),
  start: z.boolean().default(true),
  onboot: z.boolean().default(true),
  boot_order: z.int().min(0).max(1_000_000).default(0),
});
export type CloneSnapshotBody = z.output<typeof cloneSnapshotBodySchema>;

export const snapshotSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  server_id: z.uuid(),
  tenant_id: z.uuid(),
  status: snapshotStatusSchema,
  memory: z.boolean(),
  /** What only it holds on disk, as last counted: grows while its server changes. */
  size_bytes: z.int(),
  template: z.string(),
  plan: z.string(),
  created_at: timeSchema,
});
export type SnapshotView = z.output<typeof snapshotSchema>;
