import { Client, type ClientConfig } from 'pg';
import { preparedName } from './prepared';

/**
 * A connection whose loss ends its queries, and nothing else. The pool and TypeORM listen for errors while they hold a
 * client, but not between the one's letting go and the other's taking over; an 'error' that nobody hears ends the process.
 * It also heeds the marks of `prepared`, which TypeORM has no way to pass on.
 */
export class SteadyClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    this.query = ((text: unknown, values?: unknown, ...rest: unknown[]) => {
      const name = typeof text === 'string' && Array.isArray(values) ? preparedName(text) : null;
      return name === null ? query(text, values, ...rest) : query({ name, text, values }, ...rest);
    }) as typeof this.query;
  }
}
