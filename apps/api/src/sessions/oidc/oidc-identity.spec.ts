import type { OidcConfig } from '@berth/config';
import { type Claims, identityOf } from './oidc-identity';

const config: OidcConfig = {
  issuer: 'https://id.example.org',
  clientId: 'berth',
  clientSecret: null,
  name: 'Example ID',
  scopes: 'openid',
  roleClaim: 'groups',
  operatorValues: ['ops'],
  billingValues: ['accounting'],
  tenantClaim: 'tenant',
};

const of = (claims: Claims, change: Partial<OidcConfig> = {}) =>
  identityOf({ sub: 's1', ...claims }, { ...config, ...change });

describe('what claims mean', () => {
  it.each<[Claims, object]>([
    [{ groups: ['x', 'ops'] }, { role: 'operator' }],
    [{ groups: 'ops' }, { role: 'operator' }],
    [{ groups: ['accounting', 'ops'] }, { role: 'operator' }],
    [{ groups: ['accounting'], tenant: 't' }, { role: 'billing' }],
    [{ tenant: 't' }, { role: 'customer', tenant: 't' }],
    [
      { groups: [], tenant: ['t'] },
      { role: 'customer', tenant: 't' },
    ],
  ])('%j', (claims, meant) => expect(of(claims)).toEqual({ subject: 's1', name: 's1', ...meant }));

  it.each<Claims>([
    {},
    { groups: ['OPS', 'ops ', 'o'] },
    { groups: 'x ops' },
    { groups: [['ops']] },
    { groups: { ops: true } },
    { groups: 7, tenant: 7 },
    { tenant: '' },
    { tenant: ['a', 'b'] },
  ])('%j gives no access', (claims) => expect(() => of(claims)).toThrow(/Example ID/));

  it('finds a claim by a name with dots, or by the path to it', () => {
    const url = 'https://berth.example.org/roles';
    expect(of({ [url]: ['ops'] }, { roleClaim: url }).role).toBe('operator');
    const nested = { realm_access: { roles: ['ops'] } };
    expect(of(nested, { roleClaim: 'realm_access.roles' }).role).toBe('operator');
    for (const roleClaim of ['realm_access.roles.0.x', 'constructor.name', '__proto__'])
      expect(() => of(nested, { roleClaim })).toThrow(/no access/);
  });

  it('takes no customers where no claim names their tenant', () => {
    expect(() => of({ tenant: 't' }, { tenantClaim: null })).toThrow(/no access/);
  });

  it('calls people by their address unless the provider doubts it, in letters that logs and lists bear', () => {
    const name = (claims: Claims) => of({ groups: 'ops', ...claims }).name;
    expect(name({ email: 'zoë@example.org' })).toBe('zoë@example.org');
    expect(name({ email: 'a@b.c', email_verified: false })).toBe('s1');
    expect(name({ email: 'a\n<b>$(c)' })).toBe('a__b___c_');
    expect(name({ sub: 'x'.repeat(300) })).toHaveLength(90);
  });
});
