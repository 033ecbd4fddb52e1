import type { ApiConfig } from '@berth/config';
import { hashToken } from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { InjectConfig } from '../api-config';
import { FAST_REDIS } from '../redis/fast-redis';
import type { Caller } from '../http/request-context';

const HOUR_S = 3600;
/** Tokens that are none, a minute and address. Beyond, the answer is 429 rather than 401. */
const FAILURES_PER_MINUTE = 300;
/** Sign-ins begun at the OIDC provider, a minute and address; an office may share one. */
const LOGINS_PER_MINUTE = 120;

/** Tokens whose ids are remembered; those seen longest ago are forgotten. */
const MAX_SEEN = 10_000;

interface Consumed {
  remainingPoints: number;
  msBeforeNext: number;
  refused: boolean;
}

/** A request that is being counted while it is still looked up whose it is. */
export interface BegunCount {
  hash: string;
  /** Null where the token was not seen before: counted when it is known. */
  consumed: Promise<Consumed> | null;
}

/**
 * Counts requests a token and hour, in Redis so that all API processes count together. Where Redis doesn't answer each
 * process counts for itself: too much is let through rather than everything refused.
 */
@Injectable()
export class RateLimitService {
  private readonly requests: RateLimiterRedis;
  private readonly failures: RateLimiterMemory;
  private readonly logins: RateLimiterMemory;
  /** A token's id by the hash of its secret, which never changes. Whether it may do anything is looked up each time. */
  private readonly seen = new Map<string, string>();

  constructor(
    @InjectConfig() private readonly config: ApiConfig,
    @Inject(FAST_REDIS) redis: Redis,
  ) {
    const limit = { points: config.rateLimitPerHour, duration: HOUR_S };
    this.requests = new RateLimiterRedis({
      ...limit,
      storeClient: redis,
      keyPrefix: `${config.queuePrefix}.rate`,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(limit),
    });
    this.failures = new RateLimiterMemory({ points: FAILURES_PER_MINUTE, duration: 60 });
    this.logins = new RateLimiterMemory({ points: LOGINS_PER_MINUTE, duration: 60 });
  }

  /** Begins to count a request with this secret, where the token is known by now: Redis and Postgres are asked at once. */
  begin(secret: string): BegunCount {
    const hash = hashToken(secret).toString('base64');
    const tokenId = this.seen.get(hash);
    if (tokenId === undefined) return { hash, consumed: null };
    const consumed = this.consume(this.requests, tokenId);
    consumed.catch(() => undefined); // thrown where it is awaited, if the token is still good
    return { hash, consumed };
  }

  /**
   * Counts a request and sets the RateLimit headers; throws `rate_limited`. Roles that are exempt get the headers too,
   * with nothing used: a client needs no second way of reading them.
   */
  async count(caller: Caller, response: Response, begun: BegunCount | null = null): Promise<void> {
    const limit = this.config.rateLimitPerHour;
    if (this.config.rateLimitExemptRoles.includes(caller.role)) {
      this.headers(response, limit, HOUR_S * 1000);
      return;
    }
    if (begun) this.remember(begun.hash, caller.tokenId);
    const result = await (begun?.consumed ?? this.consume(this.requests, caller.tokenId));
    this.headers(response, result.remainingPoints, result.msBeforeNext);
    if (result.refused) throw this.refuse(response, result.msBeforeNext, `${limit} requests an hour`);
  }

  private remember(hash: string, tokenId: string): void {
    this.seen.delete(hash);
    this.seen.set(hash, tokenId);
    if (this.seen.size > MAX_SEEN) this.seen.delete(this.seen.keys().next().value!);
  }

  /** Counts an unknown token from this address; throws `rate_limited` instead of the caller's 401 beyond the limit. */
  async countFailure(address: string, response: Response): Promise<void> {
    const result = await this.consume(this.failures, address);
    if (result.refused) throw this.refuse(response, result.msBeforeNext, 'unknown tokens from this address');
  }

  /** Counts a sign-in that is begun by nobody known yet, and kept in Redis for a while; throws `rate_limited`. */
  async countLogin(address: string, response: Response): Promise<void> {
    const result = await this.consume(this.logins, address);
    if (result.refused) throw this.refuse(response, result.msBeforeNext, 'sign-ins from this address');
  }

  private async consume(limiter: RateLimiterRedis | RateLimiterMemory, key: string): Promise<Consumed> {
    try {
      const { remainingPoints, msBeforeNext } = await limiter.consume(key);
      return { remainingPoints, msBeforeNext, refused: false };
    } catch (result) {
      if (!(result instanceof RateLimiterRes)) throw result;
      return { remainingPoints: 0, msBeforeNext: result.msBeforeNext, refused: true };
    }
  }

  private headers(response: Response, remaining: number, resetMs: number): void {
    response.setHeader('RateLimit-Limit', this.config.rateLimitPerHour);
    response.setHeader('RateLimit-Remaining', Math.max(0, remaining));
    // Unix time in seconds, as Hetzner Cloud and DigitalOcean have it.
    response.setHeader('RateLimit-Reset', Math.ceil((Date.now() + resetMs) / 1000));
  }

  private refuse(response: Response, waitMs: number, what: string): BerthError {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    response.setHeader('Retry-After', seconds);
    return new BerthError('rate_limited', `too many requests (${what}); try again in ${seconds} s`, {
      retry_after_s: seconds,
    });
  }
}
