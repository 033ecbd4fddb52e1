import type { NestExpressApplication } from '@nestjs/platform-express';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Request, Response } from 'express';

/**
 * The pages' script is made by `String.replace` with the document as replacement text, in which `$&` and the like mean
 * something: our patterns hold such. A doubled `$` comes out as one.
 */
function forReplacementText(document: OpenAPIObject): OpenAPIObject {
  return JSON.parse(JSON.stringify(document).replaceAll('$', '$$$$')) as OpenAPIObject;
}

/** `/openapi.json` for programs, `/docs` for people; neither needs a token, nor anything from elsewhere. */
export function serveDocumentation(app: NestExpressApplication, document: OpenAPIObject): void {
  app
    .getHttpAdapter()
    .getInstance()
    .get('/openapi.json', (_request: Request, response: Response) => response.json(document));
  SwaggerModule.setup('docs', app, forReplacementText(document), {
    raw: false,
    customSiteTitle: 'Berth API',
    swaggerOptions: { persistAuthorization: true, docExpansion: 'none' },
  });
}
