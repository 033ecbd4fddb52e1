import { z } from 'zod';

import { roleSchema } from '../states';
import { timeSchema } from './list-query';
import { scopeSchema } from './tokens';

export const startSessionBodySchema = z.strictObject({
  token: z.string().min(1).max(200),
});
export type StartSessionBody = z.output<typeof startSessionBodySchema>;

/** A browser that is signed in. */
export const sessionSchema = z.object({
  role: roleSchema,
  scopes: z.array(scopeSchema),
  tenant_id: z.uuid().nullable(),
  tenant_name: z.string().nullable(),
  /** The token's name; after a sign-in by OIDC the person's. */
  name: z.string(),
  /** At the latest: it ends earlier with its token, or left unused. */
  expires_at: timeSchema,
  /** To be sent as X-CSRF-Token with everything but GET and HEAD. */
  csrf_token: z.string(),
});
export type SessionView = z.output<typeof sessionSchema>;

/** A way to sign in besides a token: `login_path` is where the browser goes, with `?return_to=/path`. */
export const signInProviderSchema = z.object({
  id: z.literal('oidc'),
  name: z.string(),
  login_path: z.string(),
});
export type SignInProviderView = z.output<typeof signInProviderSchema>;

export const oidcLoginQuerySchema = z.object({
  return_to: z.string().max(2000).optional(),
});
export type OidcLoginQuery = z.output<typeof oidcLoginQuerySchema>;
