import { loggerOptions } from '@berth/observability';
import { Inject, type LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';

export type Log = Logger;

export const LOG = Symbol('Log');
export const InjectLog = (): ParameterDecorator & PropertyDecorator => Inject(LOG);

export function createLog(level: string): Log {
  return pino(loggerOptions({ level, service: 'worker' }));
}

/** Nest's own lines, in the same format. Its start-up chatter is debug. */
export function nestLogger(log: Log): LoggerService {
  const line = (level: 'debug' | 'warn' | 'error' | 'fatal') => (message: unknown, context?: unknown) =>
    log[level]({ context }, String(message));
  return {
    log: line('debug'),
    debug: line('debug'),
    verbose: line('debug'),
    warn: line('warn'),
    error: line('error'),
    fatal: line('fatal'),
  };
}
