import type { ApiConfig } from '@berth/config';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { InjectConfig } from '../api-config';
import { FAST_REDIS } from '../redis/fast-redis';
import { orUnavailable, type ConsoleGrant } from './console-tickets';

const PER_SERVER = 5;
const PER_CALLER = 20;
/** A place that nobody renews is free again: its API process died. */
const HELD_MS = 15_000;

/** KEYS: server's and caller's places. ARGV: console, now, until, limits of both. Gives 0, or which of them is full. */
const TAKE = `
for i = 1, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', ARGV[2])
  if ARGV[1] == '' or not redis.call('ZSCORE', KEYS[i], ARGV[1]) then
    if redis.call('ZCARD', KEYS[i]) >= tonumber(ARGV[3 + i]) then return i end
  end
end
if ARGV[1] == '' then return 0 end
for i = 1, 2 do
  redis.call('ZADD', KEYS[i], ARGV[3], ARGV[1])
  redis.call('PEXPIRE', KEYS[i], ${HELD_MS})
end
return 0`;

/** How many consoles a server and a caller have, counted over all API processes. */
@Injectable()
export class ConsolePlaces {
  constructor(
    @InjectConfig() private readonly config: ApiConfig,
    @Inject(FAST_REDIS) private readonly redis: Redis,
  ) {}

  /** Throws `rate_limited` where there is none left. Without an id it only looks. */
  async take(grant: ConsoleGrant, id = ''): Promise<void> {
    const now = Date.now();
    const full = await orUnavailable(
      this.redis.eval(TAKE, 2, ...this.keys(grant), id, now, now + HELD_MS, PER_SERVER, PER_CALLER),
    );
    if (full === 1) throw tooMany(`${PER_SERVER} consoles of this server`, PER_SERVER);
    if (full === 2) throw tooMany(`${PER_CALLER} consoles of this token`, PER_CALLER);
  }

  async renew(grant: ConsoleGrant, id: string): Promise<void> {
    const until = Date.now() + HELD_MS;
    const renewal = this.redis.multi();
    for (const key of this.keys(grant)) renewal.zadd(key, until, id).pexpire(key, HELD_MS);
    await renewal.exec();
  }

  async free(grant: ConsoleGrant, id: string): Promise<void> {
    const freeing = this.redis.multi();
    for (const key of this.keys(grant)) freeing.zrem(key, id);
    await freeing.exec();
  }

  private keys({ serverId, tokenId }: ConsoleGrant): [string, string] {
    const key = (of: string) => `${this.config.queuePrefix}.console.places.${of}`;
    return [key(`server.${serverId}`), key(`token.${tokenId}`)];
  }
}

function tooMany(what: string, limit: number): BerthError {
  return new BerthError('rate_limited', `${what} are open, as many as there may be: close one`, { limit });
}
