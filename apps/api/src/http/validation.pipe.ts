import { BerthError } from '@berth/domain';
import type { PipeTransform, Type } from '@nestjs/common';
import { createZodValidationPipe } from 'nestjs-zod';
import type { z } from 'zod';

interface FieldProblem {
  name: string;
  messages: string[];
}

/** An issue's fields: an unknown key is reported under its own name, all else under its path. */
function problemsOf(issue: z.core.$ZodIssue): FieldProblem[] {
  const at = (...path: PropertyKey[]) => [...issue.path, ...path].map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ name: at(key), messages: ['is not known'] }));
  }
  return [{ name: at(), messages: [issue.message] }];
}

/** Zod's error as 400 `invalid_input`, messages grouped by field. */
export function invalidInput(error: z.core.$ZodError): BerthError {
  const fields = new Map<string, string[]>();
  for (const { name, messages } of error.issues.flatMap(problemsOf)) {
    fields.set(name, [...(fields.get(name) ?? []), ...messages]);
  }
  const list = [...fields].map(([name, messages]) => ({ name, messages }));
  const first = list[0];
  return new BerthError('invalid_input', `${first?.name || 'the body'}: ${first?.messages[0] ?? 'invalid'}`, {
    fields: list,
  });
}

/** A refusal of one field that only the database could decide. */
export function invalidField(name: string, message: string): BerthError {
  return new BerthError('invalid_input', `${name}: ${message}`, { fields: [{ name, messages: [message] }] });
}

/** Checks bodies and queries by their DTO's schema. */
export const ValidationPipe: Type<PipeTransform> = createZodValidationPipe({
  createValidationException: (error) => invalidInput(error as z.core.$ZodError),
});
