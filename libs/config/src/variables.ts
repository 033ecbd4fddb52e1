import { parseUrl } from '@berth/contracts';
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';

/**
 * The building blocks of the schemas. Their messages say what is expected and never repeat what was given:
 * a value may be a password.
 */

const X25519_KEY_BYTES = 32;

/** A whole number in decimal digits, in the given range. */
export function integer(range: { min: number; max: number }): z.ZodType<number, string> {
  const message = `must be a whole number from ${range.min} to ${range.max}`;
  return z
    .string(message)
    .trim()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= range.min && value <= range.max, message);
}

/** A URL with one of the protocols (each with its colon). */
export function url(protocols: string[]): z.ZodType<string, string> {
  const message = `must be a URL starting with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return z.string('is missing').refine((value) => {
    const parsed = parseUrl(value);
    return parsed !== null && protocols.includes(parsed.protocol) && parsed.hostname !== '';
  }, message);
}

/** An X25519 key, public or private, in base64. */
export function x25519Key(): z.ZodType<string, string> {
  const message = `must be ${X25519_KEY_BYTES} bytes in base64`;
  return z
    .string('is missing')
    .refine(
      (value) =>
        /^[A-Za-z0-9+/]{43}=$/.test(value) && Buffer.from(value, 'base64').length === X25519_KEY_BYTES,
      message,
    );
}

/** Words separated by commas; each must be one of `allowed`. An empty string is an empty list. */
export function listOf<T extends string>(allowed: readonly T[]): z.ZodType<T[], string> {
  const message = `must be a comma separated list of: ${allowed.join(', ')}`;
  return z
    .string(message)
    .transform((value) => split(value, ','))
    .refine((words) => words.every((word) => (allowed as readonly string[]).includes(word)), message)
    .transform((words) => words as T[]);
}

/** Any texts, separated by commas. An empty string is an empty list. */
export function texts(): z.ZodType<string[], string> {
  return z.string().transform((value) => split(value, ','));
}

/** Absolute directories separated by colons. An empty string is an empty list. */
export function directories(): z.ZodType<string[], string> {
  return z
    .string()
    .transform((value) => split(value, ':'))
    .refine(
      (paths) => paths.every((path) => isAbsolute(path)),
      'must be absolute directories separated by colons',
    );
}

/** Networks in CIDR notation, separated by commas. An empty string is an empty list. */
export function networks(): z.ZodType<string[], string> {
  const isNetwork = (text: string) => {
    const [address, prefix, ...rest] = text.split('/');
    const family = isIP(address ?? '');
    return (
      family !== 0 &&
      rest.length === 0 &&
      /^\d{1,3}$/.test(prefix ?? '') &&
      Number(prefix) <= (family === 4 ? 32 : 128)
    );
  };
  return z
    .string()
    .transform((value) => split(value, ','))
    .refine((list) => list.every(isNetwork), 'must be networks such as 10.0.0.0/8, separated by commas');
}

/** Milliseconds separated by commas. */
export function durations(): z.ZodType<number[], string> {
  return z
    .string()
    .transform((value) => split(value, ','))
    .refine((list) => list.every((ms) => /^\d{1,9}$/.test(ms)), 'must be milliseconds separated by commas')
    .transform((list) => list.map(Number));
}

function split(value: string, separator: string): string[] {
  return value
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
