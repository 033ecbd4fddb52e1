import { listMetaSchema } from '@berth/contracts';
import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { createZodDto, type ZodDto } from 'nestjs-zod';
import { z } from 'zod';

/** DTO of `{ "<key>": … }`. */
export function oneOf<K extends string, S extends z.ZodType>(key: K, schema: S) {
  return createZodDto(z.object({ [key]: schema } as Record<K, S>));
}

/** DTO of `{ "<key>": [ … ], "meta": { "pagination": … } }`. */
export function listOf<K extends string, S extends z.ZodType>(key: K, schema: S) {
  return createZodDto(z.object({ [key]: z.array(schema), meta: listMetaSchema } as Record<K, z.ZodArray<S>>));
}

/** States what a handler answers, and sets the status. */
export function Answers(status: number, type?: ZodDto, description = '') {
  return applyDecorators(
    HttpCode(status),
    ApiResponse({ status, description, ...(type && { type: type as never }) }),
  );
}

/** As Answers, of a text that is no JSON. */
export function AnswersText(mediaType: string) {
  return applyDecorators(
    HttpCode(200),
    ApiResponse({ status: 200, content: { [mediaType]: { schema: { type: 'string' } } } }),
  );
}
