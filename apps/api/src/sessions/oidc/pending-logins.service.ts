import { createHash, randomBytes } from 'node:crypto';
import type { ApiConfig } from '@berth/config';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { Redis } from 'ioredis';
import { InjectConfig } from '../../api-config';
import { type CookieLifetime, SessionCookies } from '../../auth/session-cookies.service';
import { FAST_REDIS } from '../../redis/fast-redis';
import type { LoginSecrets } from './oidc-provider.service';

const LIFETIME_MS = 10 * 60_000;
/** Lax: the way back is a navigation that another site, the provider, starts. */
const COOKIE: CookieLifetime = { sameSite: 'lax', maxAgeMs: LIFETIME_MS };

export interface PendingLogin extends LoginSecrets {
  returnTo: string;
}

/**
 * Sign-ins on their way to the provider and back. Kept in Redis rather than sealed into the cookie: all API processes see
 * them without a common key, each is good for one try (a cookie could be played back), and the code's verifier never leaves us.
 * Without Redis nobody signs in by OIDC; by token they do. The cookie ties one to the browser that began it.
 */
@Injectable()
export class PendingLogins {
  private readonly cookie: string;

  constructor(
    @InjectConfig() private readonly config: ApiConfig,
    @Inject(FAST_REDIS) private readonly redis: Redis,
    @Inject(SessionCookies) private readonly cookies: SessionCookies,
  ) {
    this.cookie = cookies.nameOf('berth_login');
  }

  async keep(response: Response, login: PendingLogin): Promise<void> {
    const secret = randomBytes(32).toString('base64url');
    await this.ask(this.redis.set(this.key(secret), JSON.stringify(login), 'PX', LIFETIME_MS));
    this.cookies.set(response, secret, this.cookie, COOKIE);
  }

  /** The browser's sign-in, once: null where it began none, took too long, or was here before. */
  async take(cookieHeader: string | undefined, response: Response): Promise<PendingLogin | null> {
    const secret = this.cookies.read(cookieHeader, this.cookie);
    if (secret === null) return null;
    this.cookies.clear(response, this.cookie, COOKIE);
    const found = await this.ask(this.redis.getdel(this.key(secret)));
    return found === null ? null : (JSON.parse(found) as PendingLogin);
  }

  /** The hash, as of every secret that is kept. */
  private key(secret: string): string {
    return `${this.config.queuePrefix}.login.${createHash('sha256').update(secret).digest('base64url')}`;
  }

  private async ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const message =
        'sign-ins can not be kept right now (Redis does not answer); try again, or sign in with a token';
      throw new BerthError('unavailable', message, {}, { cause: error });
    }
  }
}
