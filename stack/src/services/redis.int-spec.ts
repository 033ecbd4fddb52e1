import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

import { startRedis } from './redis';

describe('startRedis', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'berth-redis-'));
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('is set up as BullMQ wants it, refuses strangers and can be wiped', async () => {
    const server = await startRedis({ dir: join(home, 'redis') });
    const redis = new Redis(server.url);
    try {
      expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
      expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
      expect(await redis.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
      await redis.set('key', 'value');
      await server.flushAll();
      expect(await redis.get('key')).toBeNull();
      const stranger = new Redis(server.port, '127.0.0.1', {
        enableReadyCheck: false,
        retryStrategy: () => null,
      });
      stranger.on('error', () => undefined);
      await expect(stranger.get('key')).rejects.toThrow(/NOAUTH/);
      stranger.disconnect();
    } finally {
      redis.disconnect();
      await server.stop();
    }
  });

  it('keeps its data over a restart', async () => {
    const dir = join(home, 'redis');
    const first = await startRedis({ dir });
    const writer = new Redis(first.url);
    await writer.set('key', 'value');
    writer.disconnect();
    await first.stop();
    const second = await startRedis({ dir });
    const reader = new Redis(second.url);
    try {
      expect(await reader.get('key')).toBe('value');
    } finally {
      reader.disconnect();
      await second.stop();
    }
  });
});
