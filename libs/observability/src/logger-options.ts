import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import type { DestinationStream, LoggerOptions } from 'pino';
import { requestIdOf } from './request-id';

/** Fields that may hold a secret, wherever they stand in a log line (two levels deep, which is as deep as we log). */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'root_password',
  'rootPassword',
  'private_key',
  'privateKey',
  'privateKeySealed',
  'sealed_root_password',
  'token',
  'secret',
];

const redactPaths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

export interface LogSettings {
  /** pino's level, or `silent`. */
  level: string;
  /** Name of the process in each line: `api`, `worker`. */
  service: string;
}

/** Options of pino for every process: one JSON line an entry on stdout, secrets replaced. */
export function loggerOptions({ level, service }: LogSettings): LoggerOptions {
  return {
    level,
    base: { service, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: redactPaths, censor: '[redacted]' },
  };
}

/** The path only: a query may hold what a customer would not have logged. */
const pathOf = (request: IncomingMessage): string =>
  ((request as { originalUrl?: string }).originalUrl ?? request.url ?? '').split('?')[0]!;

/** 503 is what a busy or full system answers by design; 500 is a bug. The error itself is logged where it is known. */
function levelOf(_request: IncomingMessage, response: ServerResponse): 'error' | 'info' | 'debug' {
  if (response.statusCode === 500) return 'error';
  return response.statusCode >= 400 ? 'info' : 'debug';
}

/**
 * nestjs-pino's parameters for an HTTP process: each request has an id (the caller's, if sane), answered in
 * X-Request-Id. Headers and bodies are never logged. Refusals are logged at info, successes at debug.
 */
export function httpLoggerParams(settings: LogSettings, stream?: DestinationStream): Params {
  const options = {
    ...loggerOptions(settings),
    genReqId: (request: IncomingMessage, response: ServerResponse) => {
      const id = requestIdOf(request.headers['x-request-id']);
      response.setHeader('X-Request-Id', id);
      return id;
    },
    customLogLevel: levelOf,
    // pino-http makes an error of every answer from 500 on; its stack tells nothing.
    customErrorObject: (_request: IncomingMessage, response: ServerResponse) => ({ res: response }),
    customErrorMessage: () => 'request failed',
    quietReqLogger: true,
    serializers: {
      req: (request: { id: string; method: string; raw: IncomingMessage }) => ({
        id: request.id,
        method: request.method,
        path: pathOf(request.raw),
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
    },
  };
  return { pinoHttp: stream ? [options, stream] : options };
}
