/** An answer of the API other than 2xx. */
class ApiCallError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ApiCallError';
  }
}

interface ErrorBody {
  error?: { code?: string; message?: string; details?: unknown };
}

/** The stack talks to its API as any customer does: HTTP, JSON, a bearer token. */
export class ApiClient {
  constructor(
    private readonly origin: string,
    private readonly token: string,
  ) {}

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>('POST', path, body);
  }

  /** POST, but "that is there already" (409) is fine: a database that outlived an earlier stack has it. */
  async ensure(path: string, body: unknown): Promise<void> {
    try {
      await this.post(path, body);
    } catch (error) {
      if (!(error instanceof ApiCallError) || error.status !== 409) throw error;
    }
  }

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    throw toError(`${method} ${path}`, response.status, text);
  }
}

function toError(call: string, status: number, text: string): ApiCallError {
  let body: ErrorBody = {};
  try {
    body = JSON.parse(text) as ErrorBody;
  } catch {
    // Not an answer of ours (a proxy's page, a crash): the status has to do.
  }
  const { code = 'unknown', message = text.slice(0, 200), details } = body.error ?? {};
  const more = details === undefined ? '' : ` ${JSON.stringify(details)}`;
  return new ApiCallError(status, code, `${call} answered ${status} ${code}: ${message}${more}`);
}
