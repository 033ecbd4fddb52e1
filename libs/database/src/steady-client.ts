import { Client, type ClientConfig } from 'pg';

/**
 * A connection whose loss ends its queries, and nothing else. The pool and TypeORM listen for errors while they hold a
 * client, but not between the one's letting go and the other's taking over; an 'error' that nobody hears ends the process.
 */
export class SteadyClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
