import { isAbsolute } from 'node:path';
import { z } from 'zod';

import { integer, texts, url } from './variables';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Tokens and codes travel to it: without TLS only where they don't leave the machine. */
const issuer = () =>
  url(['https:', 'http:']).refine((value) => {
    const { protocol, hostname, search, hash } = new URL(value);
    return (protocol === 'https:' || LOOPBACK.test(hostname)) && search === '' && hash === '';
  }, 'must be an https:// URL without query (http:// on loopback only)');

const printable = (max: number) =>
  z.string().regex(new RegExp(`^[\\x20-\\x7e]{1,${max}}$`), `must be 1 to ${max} printable ASCII characters`);

export const signInShape = {
  /** A session ends so long after the sign-in, used or not. */
  BERTH_SESSION_MAX_AGE_MS: integer({ min: 60_000, max: 30 * 86_400_000 }).prefault('43200000'),
  /** A session that is left unused ends after so long. */
  BERTH_SESSION_IDLE_MS: integer({ min: 60_000, max: 7 * 86_400_000 }).prefault('7200000'),
  /** The built dashboard; beside the API (apps/dashboard/dist) if not set. */
  BERTH_DASHBOARD_DIR: z
    .string()
    .refine((path) => isAbsolute(path), 'must be an absolute directory')
    .optional(),

  /** OpenID Connect: none if not set. Needs BERTH_PUBLIC_URL, which the provider sends people back to. */
  BERTH_OIDC_ISSUER: issuer().optional(),
  BERTH_OIDC_CLIENT_ID: printable(500).optional(),
  /** Not set: a public client, which PKCE alone protects. */
  BERTH_OIDC_CLIENT_SECRET: printable(1000).optional(),
  /** What the button says: "Sign in with …". */
  BERTH_OIDC_NAME: printable(60).prefault('single sign-on'),
  BERTH_OIDC_SCOPES: z
    .string()
    .regex(/^openid( [\x21-\x7e]+)*$/, 'must be scopes separated by spaces, the first of them openid')
    .prefault('openid profile email'),
  /** A claim's name, or a path with dots to one inside another (realm_access.roles). */
  BERTH_OIDC_ROLE_CLAIM: printable(200).prefault('groups'),
  /** Who has one of these in the role claim is an operator. */
  BERTH_OIDC_OPERATOR_VALUES: texts().prefault(''),
  BERTH_OIDC_BILLING_VALUES: texts().prefault(''),
  /** The claim that holds a customer's tenant, by id or external_id. No customers sign in by OIDC if not set. */
  BERTH_OIDC_TENANT_CLAIM: printable(200).optional(),
};

/** An OpenID Connect provider, and what its claims mean. */
export interface OidcConfig {
  issuer: string;
  clientId: string;
  /** Null: a public client. */
  clientSecret: string | null;
  name: string;
  scopes: string;
  roleClaim: string;
  operatorValues: string[];
  billingValues: string[];
  /** Null: customers don't sign in by OIDC. */
  tenantClaim: string | null;
}

export interface SignInConfig {
  sessionMaxAgeMs: number;
  sessionIdleMs: number;
  /** Null: where the workspace builds it. */
  dashboardDir: string | null;
  oidc: OidcConfig | null;
}

type Variables = z.output<z.ZodObject<typeof signInShape>>;

/** What is half set up is better said at the start than by the first sign-in that fails. */
export function checkSignIn(
  env: Variables & { BERTH_PUBLIC_URL?: string | undefined },
  context: z.RefinementCtx,
): void {
  const missing = (variable: string) =>
    context.addIssue({ code: 'custom', path: [variable], message: 'is missing' });
  if (env.BERTH_OIDC_ISSUER === undefined) {
    if (env.BERTH_OIDC_CLIENT_ID !== undefined) missing('BERTH_OIDC_ISSUER');
    return;
  }
  if (env.BERTH_OIDC_CLIENT_ID === undefined) missing('BERTH_OIDC_CLIENT_ID');
  if (env.BERTH_PUBLIC_URL === undefined) missing('BERTH_PUBLIC_URL');
  const grants = [...env.BERTH_OIDC_OPERATOR_VALUES, ...env.BERTH_OIDC_BILLING_VALUES];
  if (grants.length === 0 && env.BERTH_OIDC_TENANT_CLAIM === undefined) missing('BERTH_OIDC_OPERATOR_VALUES');
}

export function signInConfig(env: Variables): SignInConfig {
  return {
    sessionMaxAgeMs: env.BERTH_SESSION_MAX_AGE_MS,
    sessionIdleMs: env.BERTH_SESSION_IDLE_MS,
    dashboardDir: env.BERTH_DASHBOARD_DIR ?? null,
    oidc: oidcConfig(env),
  };
}

function oidcConfig(env: Variables): OidcConfig | null {
  if (env.BERTH_OIDC_ISSUER === undefined || env.BERTH_OIDC_CLIENT_ID === undefined) return null;
  return {
    issuer: env.BERTH_OIDC_ISSUER,
    clientId: env.BERTH_OIDC_CLIENT_ID,
    clientSecret: env.BERTH_OIDC_CLIENT_SECRET ?? null,
    name: env.BERTH_OIDC_NAME,
    scopes: env.BERTH_OIDC_SCOPES,
    roleClaim: env.BERTH_OIDC_ROLE_CLAIM,
    operatorValues: env.BERTH_OIDC_OPERATOR_VALUES,
    billingValues: env.BERTH_OIDC_BILLING_VALUES,
    tenantClaim: env.BERTH_OIDC_TENANT_CLAIM ?? null,
  };
}
