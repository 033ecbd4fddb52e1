/** Where the browser goes to sign in, and where the provider sends it back to: registered there with the public URL before it. */
export const OIDC_LOGIN_PATH = '/v1/session/oidc/login';
export const OIDC_CALLBACK_PATH = '/v1/session/oidc/callback';
