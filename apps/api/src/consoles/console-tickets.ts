import { createHash, randomBytes } from 'node:crypto';
import type { ApiConfig } from '@berth/config';
import { roleSchema } from '@berth/contracts';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { InjectConfig } from '../api-config';
import { FAST_REDIS } from '../redis/fast-redis';

const TTL_S = 30;
const TICKET = /^[A-Za-z0-9_-]{43}$/;

const grantSchema = z.strictObject({
  serverId: z.string(),
  tenantId: z.string(),
  tokenId: z.string(),
  /** The browser's session that asked for it, or null: with its end the console ends, whatever becomes of the token. */
  sessionId: z.string().nullable(),
  role: roleSchema,
  requestId: z.string(),
});
/** Whom a ticket was given, and for what. */
export type ConsoleGrant = z.output<typeof grantSchema>;

/** Tickets, each good for one WebSocket: browsers can't send a token with one, and addresses end up in logs. Kept as hashes. */
@Injectable()
export class ConsoleTickets {
  constructor(
    @InjectConfig() private readonly config: ApiConfig,
    @Inject(FAST_REDIS) private readonly redis: Redis,
  ) {}

  async issue(grant: ConsoleGrant): Promise<{ ticket: string; expiresAt: Date }> {
    const ticket = randomBytes(32).toString('base64url');
    const expiresAt = new Date(Date.now() + TTL_S * 1000);
    await orUnavailable(this.redis.set(this.key(ticket), JSON.stringify(grant), 'EX', TTL_S));
    return { ticket, expiresAt };
  }

  /** Takes it: of two who come with it, one gets in. Throws `unauthorized`. */
  async take(ticket: string): Promise<ConsoleGrant> {
    const kept = TICKET.test(ticket) ? await orUnavailable(this.redis.getdel(this.key(ticket))) : null;
    if (kept) return grantSchema.parse(JSON.parse(kept));
    throw new BerthError(
      'unauthorized',
      `the ticket is unknown, used or older than ${TTL_S} s: ask for one at POST /v1/servers/:id/console_tickets`,
    );
  }

  private key(ticket: string): string {
    return `${this.config.queuePrefix}.console.ticket.${createHash('sha256').update(ticket).digest('hex')}`;
  }
}

/** Whatever FAST_REDIS throws means that Redis is away. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new BerthError(
      'unavailable',
      'Redis does not answer, by which consoles go; try again',
      {},
      { cause },
    );
  }
}
