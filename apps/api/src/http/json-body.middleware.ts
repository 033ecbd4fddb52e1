import { BerthError } from '@berth/domain';
import { json, type NextFunction, type Request, type RequestHandler, type Response } from 'express';

interface BodyParserError {
  type?: string;
  status?: number;
}

const invalid = (message: string) =>
  new BerthError('invalid_input', message, { fields: [{ name: '', messages: [message] }] });

function refusalOf(error: BodyParserError, limitBytes: number): unknown {
  if (error.type === 'entity.too.large') {
    return new BerthError('payload_too_large', `the body must not be larger than ${limitBytes} bytes`, {
      limit_bytes: limitBytes,
    });
  }
  if (error.type === 'entity.parse.failed') return invalid('the body is not valid JSON');
  if (error.type === 'request.aborted') return invalid('the body ended before its announced length');
  return error.status && error.status < 500 ? invalid('the body must be JSON in UTF-8') : error;
}

function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  );
}

const isJson = (request: Request) =>
  /^application\/([a-z.+-]+\+)?json\s*(;|$)/i.test(request.headers['content-type'] ?? '');

/** NUL, and halves of surrogate pairs. */
const UNSTORABLE = /\0|\p{Surrogate}/u;
/** Nothing that we take is deeper than five. */
const MAX_DEPTH = 20;

/** Finds a string that no column of Postgres can hold: with NUL, or with half of a surrogate pair. Gives its path. */
function unstorable(value: unknown, path: string, depth = 0): string | null {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? path : null;
  if (value === null || typeof value !== 'object') return null;
  if (depth >= MAX_DEPTH) throw invalid(`the body is nested deeper than ${MAX_DEPTH} levels`);
  for (const [key, part] of Object.entries(value)) {
    const here = path === '' ? key : `${path}.${key}`;
    const found = unstorable(key, path) ?? unstorable(part, here, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function checkParsed(request: Request): void {
  const body: unknown = request.body;
  if (body === undefined) {
    request.body = {};
    return;
  }
  const path = unstorable(body, '');
  if (path === null) return;
  const messages = ['must be Unicode text without NUL'];
  throw new BerthError('invalid_input', `${path || 'the body'} must be Unicode text without NUL`, {
    fields: [{ name: path, messages }],
  });
}

/** Parses JSON bodies; what is not JSON, or too large, is refused before any handler sees it. No body counts as `{}`. */
export function jsonBody(limitBytes: number): RequestHandler {
  const parse = json({ limit: limitBytes, strict: false, type: isJson as never });
  return (request: Request, response: Response, next: NextFunction) => {
    if (hasBody(request) && !isJson(request)) {
      next(invalid('the body must be JSON, with the header Content-Type: application/json'));
      return;
    }
    parse(request, response, (error?: unknown) => {
      if (error) return next(refusalOf(error as BodyParserError, limitBytes));
      try {
        checkParsed(request);
        next();
      } catch (refusal) {
        next(refusal);
      }
    });
  };
}
