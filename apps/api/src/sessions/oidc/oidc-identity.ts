import type { OidcConfig } from '@berth/config';
import type { Role } from '@berth/contracts';
import { BerthError } from '@berth/domain';

export type Claims = Record<string, unknown>;

/** Who signs in, as the provider says: staff by its role, a customer by its tenant's id or external_id. */
export type OidcIdentity = { subject: string; name: string } & (
  { role: Exclude<Role, 'customer'> } | { role: 'customer'; tenant: string }
);

/** A claim by its name, which may hold dots (URLs do), or by a path of names. */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        value !== null && typeof value === 'object' && Object.hasOwn(value, key)
          ? (value as Claims)[key]
          : undefined,
      claims,
    );
}

const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter(
    (one): one is string => typeof one === 'string' && one !== '',
  );

/** The e-mail address where the provider doesn't doubt it, else the subject; of what a token's name may be made of. */
function nameOf(claims: Claims, subject: string): string {
  const email = claims.email_verified === false ? undefined : claims.email;
  const text = typeof email === 'string' && email !== '' ? email : subject;
  return text.replace(/[^\p{L}\p{M}\p{N} ._,@+-]/gu, '_').slice(0, 90);
}

/** What the claims mean by the configuration. Throws `forbidden`, in words for the person, where they give no access. */
export function identityOf(claims: Claims, config: OidcConfig): OidcIdentity {
  const subject = String(claims.sub);
  const person = { subject, name: nameOf(claims, subject) };
  const roles = textsOf(claimOf(claims, config.roleClaim));
  if (roles.some((role) => config.operatorValues.includes(role))) return { ...person, role: 'operator' };
  if (roles.some((role) => config.billingValues.includes(role))) return { ...person, role: 'billing' };
  const tenants = config.tenantClaim === null ? [] : textsOf(claimOf(claims, config.tenantClaim));
  const [tenant] = tenants;
  if (tenant === undefined) {
    throw new BerthError(
      'forbidden',
      `${person.name} has no access here: ${config.name} names neither a role nor a customer account for you`,
    );
  }
  if (tenants.length > 1) {
    throw new BerthError(
      'forbidden',
      `${person.name} belongs to several customer accounts at ${config.name}, where one is needed`,
    );
  }
  return { ...person, role: 'customer', tenant };
}
