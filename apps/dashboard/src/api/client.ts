import createClient, { type Middleware } from 'openapi-fetch';
import { errorOf, offline } from './errors';
import type { paths } from './schema.gen';

let csrfToken: string | null = null;
let onSignedOut: () => void = () => undefined;

/** Told by the session: what changes something is refused without it. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Called when the API says that the session is over. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler;
}

const berth: Middleware = {
  onRequest({ request }) {
    if (request.method === 'GET') return;
    if (csrfToken) request.headers.set('X-CSRF-Token', csrfToken);
    // A request that the network swallowed may be sent again by the browser: it must not order twice.
    if (request.method === 'POST') request.headers.set('Idempotency-Key', crypto.randomUUID());
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok) return;
    if (response.status === 401 && schemaPath !== '/v1/session') onSignedOut();
    throw await errorOf(response);
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === 'AbortError') return error;
    return offline();
  },
};

/** The API by the types of its OpenAPI document. Every refusal is thrown as an ApiError. */
export const api = createClient<paths>({ baseUrl: window.location.origin });
api.use(berth);

/** The answer's body; what failed was thrown already. */
export async function answerOf<T>(request: Promise<{ data?: T }>): Promise<T> {
  return (await request).data as T;
}
