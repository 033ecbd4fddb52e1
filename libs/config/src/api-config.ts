import { z } from 'zod';

import { type Environment, readEnvironment } from './read-environment';
import { sharedConfig, type SharedConfig, sharedShape } from './shared-schema';
import { checkSignIn, signInConfig, type SignInConfig, signInShape } from './sign-in-config';
import { directories, integer, listOf, url, x25519Key } from './variables';

const ROLES = ['customer', 'billing', 'operator'] as const;

const shape = {
  ...sharedShape,
  ...signInShape,
  /** Loopback unless said otherwise: a proxy with TLS stands before it. */
  BERTH_API_HOST: z.string().prefault('127.0.0.1'),
  /** 0 takes a free port. */
  BERTH_API_PORT: integer({ min: 0, max: 65_535 }).prefault('8080'),
  /** The origin as customers see it; for links, the sign-in's cookies, and the OpenAPI document. */
  BERTH_PUBLIC_URL: url(['http:', 'https:']).optional(),
  /** Hosts' private keys are sealed with it: the API can't open them again. */
  BERTH_WORKER_PUBLIC_KEY: x25519Key(),
  /** Requests per hour and token. */
  BERTH_RATE_LIMIT_PER_HOUR: integer({ min: 1, max: 100_000_000 }).prefault('3600'),
  /** A billing system behind one token must not be cut off in a busy hour. */
  BERTH_RATE_LIMIT_EXEMPT_ROLES: listOf(ROLES).prefault('operator,billing'),
  BERTH_BODY_LIMIT_BYTES: integer({ min: 1024, max: 64 * 1024 * 1024 }).prefault('262144'),
  /** A console into which nobody types for so long is closed. */
  BERTH_CONSOLE_IDLE_MS: integer({ min: 1000, max: 86_400_000 }).prefault('900000'),
  /** file:// sources of templates may lie below these only; none if not set. */
  BERTH_TEMPLATE_FILE_ROOTS: directories().prefault(''),
};
const schema = z.object(shape).superRefine(checkSignIn);

export interface ApiConfig extends SharedConfig, SignInConfig {
  host: string;
  port: number;
  publicUrl: string | null;
  workerPublicKey: string;
  rateLimitPerHour: number;
  rateLimitExemptRoles: (typeof ROLES)[number][];
  bodyLimitBytes: number;
  consoleIdleMs: number;
  templateFileRoots: string[];
}

/** @throws {EnvironmentError} naming every variable that is missing or wrong. */
export function loadApiConfig(env: Environment): ApiConfig {
  const parsed = readEnvironment(schema, env);
  return {
    ...sharedConfig(parsed),
    ...signInConfig(parsed),
    host: parsed.BERTH_API_HOST,
    port: parsed.BERTH_API_PORT,
    publicUrl: parsed.BERTH_PUBLIC_URL ?? null,
    workerPublicKey: parsed.BERTH_WORKER_PUBLIC_KEY,
    rateLimitPerHour: parsed.BERTH_RATE_LIMIT_PER_HOUR,
    rateLimitExemptRoles: parsed.BERTH_RATE_LIMIT_EXEMPT_ROLES,
    bodyLimitBytes: parsed.BERTH_BODY_LIMIT_BYTES,
    consoleIdleMs: parsed.BERTH_CONSOLE_IDLE_MS,
    templateFileRoots: parsed.BERTH_TEMPLATE_FILE_ROOTS,
  };
}
