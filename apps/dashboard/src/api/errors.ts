/** The shape of every refusal: see the error table in the API's documentation. */
interface ErrorBody {
  error: { code: string; message: string; details: Record<string, unknown>; request_id: string };
}

/** A request that the API refused, or that never reached it (`offline`). */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
    readonly requestId: string | null = null,
  ) {
    super(message);
  }

  /** A message a field, of `invalid_input`. */
  get fields(): Record<string, string> {
    const fields = (this.details.fields ?? []) as { name: string; messages: string[] }[];
    return Object.fromEntries(fields.map(({ name, messages }) => [name, messages.join('; ')]));
  }
}

export const offline = () => new ApiError(0, 'offline', "The API can't be reached.");

export async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as ErrorBody | null;
  if (!body?.error?.code) {
    // A proxy before the API answers in its own words.
    const gone = response.status === 502 || response.status === 503 || response.status === 504;
    return gone
      ? offline()
      : new ApiError(response.status, 'unknown', `The API answered ${response.status}.`);
  }
  const { code, message, details, request_id } = body.error;
  return new ApiError(response.status, code, message, details, request_id);
}

export const isOffline = (error: unknown) => error instanceof ApiError && error.code === 'offline';
export const isNotFound = (error: unknown) => error instanceof ApiError && error.status === 404;

/** For people: a sentence that starts with a capital letter. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
