import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';

import { exited, spawnService, stopProcess } from './child-process';
import { freePort } from './free-port';
import { ServiceError } from './service-error';
import { GaveUp, waitUntil } from './wait-until';

export interface RedisOptions {
  /** Holds redis.conf and the append-only file; made if missing. */
  dir: string;
  /** Appended to. Default: `<dir>.log`. */
  logFile?: string;
  /** No append-only file (tests): the data is gone when the server stops. */
  fast?: boolean;
}

export interface RunningRedis {
  /** redis://:password@127.0.0.1:port/0 */
  url: string;
  port: number;
  pid: number;
  /** Shuts down; the data stays unless `fast`. Idempotent. */
  stop(): Promise<void>;
  /** Wipes every key, as an operator's accident would. */
  flushAll(): Promise<void>;
}

/**
 * Starts a private Redis on a free port of 127.0.0.1 as BullMQ wants it (noeviction, append-only). It dies with this process.
 * @throws {ServiceError} when Redis isn't installed or doesn't come up; names the log.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const logFile = options.logFile ?? `${options.dir}.log`;
  mkdirSync(dirname(logFile), { recursive: true });
  const binary = redisBinary();
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return await launch(binary, options, logFile, port);
    } catch (error) {
      // Somebody may have taken the port between asking and binding.
      if (attempt === 3) throw error;
    }
  }
}

async function launch(
  binary: string,
  { dir, fast }: RedisOptions,
  logFile: string,
  port: number,
): Promise<RunningRedis> {
  const password = randomBytes(24).toString('hex');
  const configFile = join(dir, 'redis.conf');
  // A file, not arguments: every user of the machine can read a command line.
  writeFileSync(configFile, configuration({ dir, port, password, fast: fast ?? false }), { mode: 0o600 });
  const child = spawnService({ command: binary, args: [configFile], logFile, cwd: dir, deathSignal: 'TERM' });
  const url = `redis://:${password}@127.0.0.1:${port}/0`;
  const stop = () => stopProcess(child, ['SIGTERM'], 15_000);
  try {
    let gone = false;
    void exited(child).then(() => (gone = true));
    await waitUntil(
      'Redis answering',
      () => {
        if (gone) throw new GaveUp('Redis ended while starting');
        return command(url, (redis) => redis.ping());
      },
      { timeoutMs: 30_000 },
    );
  } catch (error) {
    await stop();
    throw new ServiceError(error instanceof Error ? error.message : String(error), `Its log is ${logFile}`);
  }
  const flushAll = () => command(url, (redis) => redis.flushall()).then(() => undefined);
  return { url, port, pid: child.pid ?? -1, stop, flushAll };
}

function configuration(options: { dir: string; port: number; password: string; fast: boolean }): string {
  const lines: [string, string | number][] = [
    ['bind', '127.0.0.1'],
    ['port', options.port],
    ['requirepass', options.password],
    ['dir', `"${options.dir}"`],
    ['daemonize', 'no'],
    ['save', '""'],
    ['appendonly', options.fast ? 'no' : 'yes'],
    ['appendfsync', 'everysec'],
    ['maxmemory-policy', 'noeviction'],
    ['loglevel', 'notice'],
  ];
  return lines.map(([name, value]) => `${name} ${value}\n`).join('');
}

/** One command on a connection of its own, without retries: the caller decides whether to ask again. */
async function command<T>(url: string, run: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5_000 });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await run(redis);
  } finally {
    redis.disconnect();
  }
}

function redisBinary(): string {
  const places = ['/usr/bin', ...(process.env.PATH ?? '').split(':')];
  const place = places.find((directory) => existsSync(join(directory, 'redis-server')));
  if (place) return join(place, 'redis-server');
  throw new ServiceError(
    'Redis is not installed',
    'Install the package redis-server, or set BERTH_REDIS_URL to a server of your own',
  );
}
