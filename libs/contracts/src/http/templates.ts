import { z } from 'zod';

import { parseUrl } from '../parse-url';
import { descriptionSchema, resourceNameSchema } from '../names';
import { listQuerySchema, timeSchema } from './list-query';

/** How the tarball is packed. */
export const compressionSchema = z.enum(['none', 'gzip', 'xz', 'zstd']);
export type Compression = z.output<typeof compressionSchema>;

export const architectureSchema = z.enum(['amd64', 'arm64']);

/** Characters of a URL that no shell reads as anything but themselves (percent-encode the others). */
const URL_CHARACTERS = /^[A-Za-z0-9._~:/@%+=,-]+$/;

/** Where the root file system's tarball is: http(s), or a file below the directories that the operator of the API allows. */
export const templateSourceSchema = z
  .string()
  .max(2000)
  .refine((text) => {
    const url = URL_CHARACTERS.test(text) ? parseUrl(text) : null;
    if (!url) return false;
    if (url.protocol === 'file:') return url.host === '' && text.startsWith('file:///');
    return ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
  }, 'must be http://…, https://… or file:///…, without credentials, query or fragment');

export const createTemplateBodySchema = z.strictObject({
  name: resourceNameSchema,
  description: descriptionSchema.default(''),
  source: templateSourceSchema,
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be a SHA-256 in 64 hexadecimal digits')
    .transform((hex) => hex.toLowerCase()),
  architecture: architectureSchema.default('amd64'),
  /** Told by the source's ending (.tar, .tar.gz, .tgz, .tar.xz, .tar.zst …) where it is not said. */
  compression: compressionSchema.optional(),
});
export type CreateTemplateBody = z.output<typeof createTemplateBodySchema>;

/** Source and checksum stay: hosts keep imported templates by their id. Make a new one instead. */
export const patchTemplateBodySchema = z.strictObject({
  name: resourceNameSchema.optional(),
  description: descriptionSchema.optional(),
});
export type PatchTemplateBody = z.output<typeof patchTemplateBodySchema>;

export const listTemplatesQuerySchema = listQuerySchema(['name', 'created_at', 'id'], {
  name: resourceNameSchema.optional(),
  architecture: architectureSchema.optional(),
});
export type ListTemplatesQuery = z.output<typeof listTemplatesQuerySchema>;

export const templateSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string(),
  architecture: z.string(),
  compression: compressionSchema,
  sha256: z.string(),
  /** Operators only: it may tell of internal places. */
  source: z.string().optional(),
  created_at: timeSchema,
});
export type TemplateView = z.output<typeof templateSchema>;
