/** A start-up failure the operator can act on: what happened, where, and what to do. Printed without a stack trace. */
export class ServiceError extends Error {
  constructor(
    message: string,
    readonly wayOut: string,
  ) {
    super(`${message}. ${wayOut}`);
    this.name = 'ServiceError';
  }
}
