import type { ApiConfig, OidcConfig } from '@berth/config';
import { BerthError } from '@berth/domain';
import { Injectable, Logger } from '@nestjs/common';
import type { ClientAuth, Configuration } from 'openid-client' with { 'resolution-mode': 'import' };
import { InjectConfig } from '../../api-config';
import type { Claims } from './oidc-identity';
import { OIDC_CALLBACK_PATH } from './oidc-paths';

type OpenidClient = typeof import('openid-client', { with: { 'resolution-mode': 'import' } });

const TIMEOUT_S = 10;

/**
 * The package is ESM only, and we are CommonJS: TypeScript keeps `import()` as it is for Node, which loads ESM by it. jest
 * has the package, and the two that it needs, made CommonJS (jest.config.cjs).
 */
const load = (): Promise<OpenidClient> => import('openid-client');

/** What ties a way back from the provider to the way there. */
export interface LoginSecrets {
  state: string;
  nonce: string;
  codeVerifier: string;
}

interface Provider {
  client: OpenidClient;
  server: Configuration;
}

/** The OpenID Connect provider: authorization code with PKCE, state and nonce. */
@Injectable()
export class OidcProvider {
  private readonly logger = new Logger(OidcProvider.name);
  private discovered: Promise<Provider> | null = null;

  constructor(@InjectConfig() private readonly config: ApiConfig) {}

  get settings(): OidcConfig {
    this.assertSetUp();
    return this.config.oidc!;
  }

  /** Throws `not_found` where no provider is set up. */
  assertSetUp(): void {
    if (this.config.oidc) return;
    throw new BerthError('not_found', 'sign-in by OpenID Connect is not set up here (BERTH_OIDC_ISSUER)');
  }

  /** Where the browser is sent to, and what has to be known when it comes back. Throws `unavailable`. */
  async begin(): Promise<{ url: URL; secrets: LoginSecrets }> {
    const { client, server } = await this.provider();
    const secrets = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      codeVerifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(server, {
      redirect_uri: this.callbackUrl('').href,
      scope: this.settings.scopes,
      state: secrets.state,
      nonce: secrets.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(secrets.codeVerifier),
      code_challenge_method: 'S256',
    });
    return { url, secrets };
  }

  /**
   * What the provider says of the person that it sent back with this query. Throws `forbidden` where it refused,
   * `unavailable` where it can't be asked or its answer doesn't hold.
   */
  async finish(query: string, secrets: LoginSecrets): Promise<Claims> {
    const { client, server } = await this.provider();
    try {
      const tokens = await client.authorizationCodeGrant(server, this.callbackUrl(query), {
        expectedState: secrets.state,
        expectedNonce: secrets.nonce,
        pkceCodeVerifier: secrets.codeVerifier,
        idTokenExpected: true,
      });
      const idToken = tokens.claims()!;
      // Many providers tell groups and e-mail addresses here only. What is signed counts first.
      const told = server.serverMetadata().userinfo_endpoint
        ? await client.fetchUserInfo(server, tokens.access_token, idToken.sub)
        : {};
      return { ...told, ...idToken };
    } catch (error) {
      if (error instanceof client.AuthorizationResponseError) throw this.refusal(error);
      // Its endpoints or keys may have changed: they are asked for again.
      this.discovered = null;
      throw this.unavailable('could not finish the sign-in; try again', error);
    }
  }

  private refusal(error: Error & { error: string }): BerthError {
    const { name } = this.settings;
    const words = error.error === 'access_denied' ? 'refused the sign-in' : 'could not sign you in';
    return new BerthError(
      'forbidden',
      `${name} ${words} (${error.error.slice(0, 60)})`,
      {},
      { cause: error },
    );
  }

  private unavailable(what: string, error: unknown): BerthError {
    const { name, issuer } = this.settings;
    this.logger.warn({ reason: reasonOf(error), issuer }, 'sign-in by OpenID Connect failed');
    return new BerthError('unavailable', `${name} ${what}, or sign in with a token`, {}, { cause: error });
  }

  private callbackUrl(query: string): URL {
    // checkSignIn (libs/config) lets no OIDC be set up without it.
    const url = new URL(OIDC_CALLBACK_PATH, this.config.publicUrl!);
    url.search = query;
    return url;
  }

  /** Asked for when it is needed first, and again after a failure: the API starts without the provider. */
  private async provider(): Promise<Provider> {
    const asked = (this.discovered ??= this.discover());
    try {
      return await asked;
    } catch (error) {
      if (this.discovered === asked) this.discovered = null;
      throw this.unavailable('does not answer; try again later', error);
    }
  }

  private async discover(): Promise<Provider> {
    const { issuer, clientId, clientSecret } = this.settings;
    const client = await load();
    const url = new URL(issuer);
    // libs/config lets http through for loopback only.
    const insecure = url.protocol === 'http:' ? [client.allowInsecureRequests] : [];
    const server = await client.discovery(url, clientId, undefined, authentication(client, clientSecret), {
      execute: [client.enableNonRepudiationChecks, ...insecure],
      timeout: TIMEOUT_S,
    });
    return { client, server };
  }
}

/** What happened, and why: in messages alone, since the errors may carry tokens and claims. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${reasonOf(error.cause)}` : error.message;
}

/** As the provider takes it. Basic is what the standard has where it says nothing. */
function authentication(client: OpenidClient, secret: string | null): ClientAuth {
  if (secret === null) return client.None();
  const basic = client.ClientSecretBasic(secret);
  const post = client.ClientSecretPost(secret);
  return (server, metadata, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const chosen = methods.includes('client_secret_basic') ? basic : post;
    return chosen(server, metadata, body, headers);
  };
}
