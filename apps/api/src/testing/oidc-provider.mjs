// A real OpenID Connect provider for tests, in a process of its own: the package is ESM only, which jest does not load.
// Its argument is JSON: { port, clients, users }, users by the name they log in with. Says "listening" when it is.
import { once } from 'node:events';
import Provider from 'oidc-provider';

const { port, clients, users } = JSON.parse(process.argv[2]);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  cookies: { keys: ['for tests only'] },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name'],
    groups: ['groups', 'berth_tenant'],
  },
  scopes: ['openid', 'email', 'profile', 'groups'],
  pkce: { required: () => true },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...users[id] }) }),
});

const server = provider.listen(port, '127.0.0.1');
await once(server, 'listening');
console.log('listening');
