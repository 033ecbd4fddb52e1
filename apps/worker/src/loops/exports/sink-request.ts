import { SinkError } from './usage-sink';

/** A sink that takes longer counts as one that doesn't answer, ms. */
const TIMEOUT_MS = 15_000;
/** What is kept of an answer, for the error. */
const ANSWER_CHARACTERS = 500;
/** Said of what was sent. All others (401, 403, 404, 408, 429 too) are of the sink or of its settings: sending goes on later. */
const REFUSALS = new Set([400, 409, 413, 422]);

/** Posts to a sink; throws a SinkError unless the answer is 2xx. Never repeats the token in an error. */
export async function postToSink(
  url: string,
  request: { token: string; headers: Record<string, string>; body: string },
  signal: AbortSignal,
): Promise<void> {
  const place = new URL(url).origin;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${request.token}`, ...request.headers },
      body: request.body,
      // The token is for this sink only.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    text = (await response.text()).replaceAll(request.token, '[token]');
  } catch (cause) {
    throw new SinkError('unavailable', `no answer of ${place}: ${reasonOf(cause)}`, { cause });
  }
  if (response.ok) return;
  const kind = REFUSALS.has(response.status) ? 'refused' : 'unavailable';
  const retryAfter = Number(response.headers.get('retry-after'));
  throw new SinkError(kind, `${place} answered ${response.status}: ${text.slice(0, ANSWER_CHARACTERS)}`, {
    status: response.status,
    answer: text,
    ...(retryAfter > 0 && { retryAfterMs: retryAfter * 1000 }),
  });
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
