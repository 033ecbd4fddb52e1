import { errorStatus, type ErrorCode } from '@berth/contracts';

/** A refusal that the caller is told about, by a code of the fixed table. Anything else that is thrown is a bug (`internal`). */
export class BerthError extends Error {
  override readonly name = 'BerthError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get status(): number {
    return errorStatus[this.code];
  }
}
