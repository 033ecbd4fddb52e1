/** The fixed table of error codes, with the HTTP status that each answers. Adding one is an API change. */
export const errorStatus = {
  invalid_input: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  locked: 409,
  conflict: 409,
  uniqueness_error: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  idempotency_key_reused: 422,
  unsupported: 422,
  quota_exceeded: 422,
  protected: 423,
  upgrade_required: 426,
  rate_limited: 429,
  internal: 500,
  no_capacity: 503,
  unavailable: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof errorStatus;

/** Body of every answer that is not 2xx. */
export interface ErrorBody {
  error: { code: ErrorCode; message: string; details: Record<string, unknown>; request_id: string };
}
