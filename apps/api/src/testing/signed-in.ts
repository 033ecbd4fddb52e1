import type { TestAnswer, TestApi, TestRequest } from './test-api';

/** A browser that is signed in. */
export interface SignedIn {
  cookie: string;
  csrf: string;
}

/** The cookie that an answer sets, with its attributes. */
export const setCookie = (answer: TestAnswer) => answer.headers.getSetCookie()[0]!;
export const outcome = ({ status, body }: TestAnswer) => [status, body.error?.code];

export const signInWith = (api: TestApi, token: string, options: TestRequest = {}) =>
  api.request('POST', '/v1/session', { token: null, body: { token }, ...options });

/** Signs in by a token; throws where that is refused. */
export async function signIn(api: TestApi, token: string, options: TestRequest = {}): Promise<SignedIn> {
  const answer = await signInWith(api, token, options);
  if (answer.status !== 201) throw new Error(`not signed in: ${JSON.stringify(answer.body)}`);
  return { cookie: setCookie(answer).split(';')[0]!, csrf: answer.body.session.csrf_token };
}

/** As the dashboard sends it; `headers` are put in place of its own. */
export const send = (
  api: TestApi,
  browser: SignedIn,
  method: string,
  path: string,
  options: TestRequest = {},
) =>
  api.request(method, path, {
    token: null,
    ...options,
    headers: {
      cookie: browser.cookie,
      ...(method !== 'GET' && { 'x-csrf-token': browser.csrf, 'sec-fetch-site': 'same-origin' }),
      ...options.headers,
    },
  });
