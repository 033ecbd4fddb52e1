import { errorStatus } from '@berth/contracts';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details', 'request_id'],
      properties: {
        code: { type: 'string', enum: Object.keys(errorStatus) },
        message: { type: 'string' },
        details: { type: 'object', additionalProperties: true },
        request_id: { type: 'string' },
      },
    },
  },
} as const;

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key and body give the same answer, for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
} as const;

const errorAnswer = {
  description: 'An error of the table',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};

/** What holds for every route: the shape of errors; and for every POST: the idempotency key. */
function addCommonParts(document: OpenAPIObject): void {
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Error: errorSchema as never };
  for (const methods of Object.values(document.paths)) {
    for (const [method, operation] of Object.entries(methods as Record<string, unknown>)) {
      const route = operation as OpenAPIObject['paths'][string]['get'];
      if (!route?.responses) continue;
      route.responses.default = errorAnswer;
      if (method === 'post') route.parameters = [...(route.parameters ?? []), idempotencyKey];
    }
  }
}

/** In the order of use, which is the order of the pages: what customers need first. */
const TAGS = [
  'servers',
  'operations',
  'live',
  'plans',
  'templates',
  'locations',
  'quota',
  'tokens',
  'session',
  'webhooks',
  'tenants',
  'overview',
  'hosts',
  'ip_pools',
  'jobs',
];

/** The OpenAPI 3.1 document of everything that the app serves. */
export function buildOpenApi(app: NestExpressApplication, publicUrl: string | null): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Berth')
    .setDescription('Containers as virtual private servers: order them, run them, account for them.')
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'berth_…' });
  if (publicUrl) builder.addServer(publicUrl);
  for (const tag of TAGS) builder.addTag(tag);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  const cleaned = cleanupOpenApiDoc(document, { version: '3.1' });
  addCommonParts(cleaned);
  return cleaned;
}
