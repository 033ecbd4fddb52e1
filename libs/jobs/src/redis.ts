import { Redis } from 'ioredis';

/**
 * A connection that waits for Redis to come back rather than giving up: what blocking readers and BullMQ's workers need.
 * `onError` hears every connection error; without a listener ioredis prints them.
 */
export function connectRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(times * 100, 2000),
  });
  redis.on('error', onError);
  return redis;
}
