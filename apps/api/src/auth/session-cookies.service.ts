import type { ApiConfig } from '@berth/config';
import { Injectable } from '@nestjs/common';
import { parseCookie } from 'cookie';
import type { CookieOptions, Response } from 'express';
import { InjectConfig } from '../api-config';

export interface CookieLifetime {
  sameSite: 'strict' | 'lax';
  /** Not given: until the browser is closed. */
  maxAgeMs?: number;
}

const SESSION: CookieLifetime = {
  // The page itself needs no cookie, and what it fetches is same-site even where a link, or OIDC's way back, led to it:
  // so nothing has to be let through from other sites, and Strict costs nothing.
  sameSite: 'strict',
};

/**
 * The cookies of the sign-in. Where the public URL is https they are Secure and have the prefix `__Host-`, by which a
 * browser takes them from this host alone: no neighbour under the same domain can plant one.
 */
@Injectable()
export class SessionCookies {
  private readonly secure: boolean;
  private readonly session: string;

  constructor(@InjectConfig() config: ApiConfig) {
    this.secure = config.publicUrl !== null && new URL(config.publicUrl).protocol === 'https:';
    this.session = this.nameOf('berth_session');
  }

  nameOf(name: string): string {
    return this.secure ? `__Host-${name}` : name;
  }

  read(header: string | undefined, name = this.session): string | null {
    return header === undefined ? null : (parseCookie(header)[name] ?? null);
  }

  set(response: Response, secret: string, name = this.session, lifetime = SESSION): void {
    response.cookie(name, secret, { ...this.attributes(lifetime), maxAge: lifetime.maxAgeMs });
  }

  clear(response: Response, name = this.session, lifetime = SESSION): void {
    response.clearCookie(name, this.attributes(lifetime));
  }

  private attributes({ sameSite }: CookieLifetime): CookieOptions {
    return { httpOnly: true, secure: this.secure, sameSite, path: '/' };
  }
}
