import { z } from 'zod';

/** RFC 1123 label: what a server's or host's name must be, as it becomes a hostname. */
export const dnsLabelSchema = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be a DNS label: 1–63 of a–z, 0–9 and -, not starting or ending with -',
  );

/** One or more labels joined by dots; 64 characters at most, since Linux keeps no more. */
export const hostnameSchema = z
  .string()
  .max(64)
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'must be a host name: DNS labels joined by dots',
  );

/** What an address may resolve to: a host name, up to DNS's own 253 characters. Kept in lower case, without the root's dot. */
export const dnsNameSchema = z
  .string()
  .transform((name) => name.toLowerCase().replace(/\.$/, ''))
  .pipe(
    z
      .string()
      .max(253)
      .regex(
        /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/,
        'must be a full DNS name, such as www.example.org',
      ),
  );

/** Names of plans, templates and locations: they may hold a dot and upper case, never a shell's metacharacter. */
export const resourceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'must be 1–63 letters, digits, dots, _ and -');

/**
 * A line for people. Control characters are refused, since they forge log lines and terminal output; a shell's
 * metacharacters too, since descriptions end up in scripts of other people.
 */
export const descriptionSchema = z
  .string()
  .max(500)
  .regex(/^[^\p{C}$`;|&<>\\]*$/u, 'must not hold control characters or any of $ ` ; | & < > \\');

/** The caller's own key for a thing (order number, customer number). */
export const externalIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,127}$/,
    'must be 1–128 letters, digits and . _ : @ / + = -, starting with a letter or digit',
  );

export const labelKeySchema = z
  .string()
  .regex(/^[a-z0-9A-Z]([a-z0-9A-Z._/-]{0,61}[a-z0-9A-Z])?$/, 'not a label key');
export const labelValueSchema = z
  .string()
  .regex(/^([a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?)?$/, 'not a label value');

/** Kubernetes' and Hetzner Cloud's label syntax; 32 at most. */
export const labelsSchema = z
  .record(labelKeySchema, labelValueSchema)
  .refine((labels) => Object.keys(labels).length <= 32, 'at most 32 labels');

/** Printable ASCII but the colon, which /etc/shadow and chpasswd use as separator. */
export const rootPasswordSchema = z
  .string()
  .regex(/^[\x20-\x39\x3b-\x7e]{8,128}$/, 'must be 8–128 printable ASCII characters without a colon');
