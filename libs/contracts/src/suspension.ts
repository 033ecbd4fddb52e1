import { z } from 'zod';

/** What a suspension does to a server: `stop` shuts it down, `network` lets it run where nobody can reach it. */
export const suspensionPolicySchema = z.enum(['stop', 'network']);
export type SuspensionPolicy = z.output<typeof suspensionPolicySchema>;

/** Why a server is suspended; it is let go once no cause is left. `termination`: it will be deleted. */
export const suspensionCauseSchema = z.enum(['server', 'tenant', 'termination']);
export type SuspensionCause = z.output<typeof suspensionCauseSchema>;

export interface Suspension {
  reason: string | null;
  policy: SuspensionPolicy;
  /** ISO 8601. */
  since: string;
}
export type Suspensions = Partial<Record<SuspensionCause, Suspension>>;

const reasonSchema = z
  .string()
  .max(500)
  .regex(/^[^\p{Cc}]*$/u, 'must be one line of text')
  .nullish();

export const suspendBodySchema = z.strictObject({
  /** For people: shown to the customer, too. */
  reason: reasonSchema,
  policy: suspensionPolicySchema.default('stop'),
});
export type SuspendBody = z.output<typeof suspendBodySchema>;

export const unsuspendBodySchema = z.strictObject({ reason: reasonSchema });
export type UnsuspendBody = z.output<typeof unsuspendBodySchema>;

export const terminateBodySchema = z.strictObject({
  reason: reasonSchema,
  /** Hours until it is deleted for good; `unsuspend` takes it back until then. */
  grace_hours: z.int().min(0).max(8760).default(72),
  /** Of the files as they were when it was stopped; goes with the server. */
  final_snapshot: z.boolean().default(true),
});
export type TerminateBody = z.output<typeof terminateBodySchema>;

const suspensionViewSchema = z.object({
  reason: z.string().nullable(),
  policy: suspensionPolicySchema,
  since: z.string(),
});
/** By cause; null: not suspended. */
export const suspensionsViewSchema = z
  .object({
    server: suspensionViewSchema.optional(),
    tenant: suspensionViewSchema.optional(),
    termination: suspensionViewSchema.optional(),
  })
  .nullable();
