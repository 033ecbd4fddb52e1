import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, setCsrfToken } from '../api/client';
import type { components } from '../api/schema.gen';

export type Session = NonNullable<components['schemas']['SessionAnswerDto']['session']>;

/** Null: nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => remember(await answerOf(api.GET('/v1/session'))),
  staleTime: Infinity,
});

export async function signIn(token: string): Promise<Session | null> {
  return remember(await answerOf(api.POST('/v1/session', { body: { token } })));
}

export async function signOut(): Promise<void> {
  await answerOf(api.DELETE('/v1/session'));
  setCsrfToken(null);
}

function remember({ session }: { session: Session | null }): Session | null {
  setCsrfToken(session?.csrf_token ?? null);
  return session;
}

export const isOperator = (session: Session) => session.role === 'operator';
export const isStaff = (session: Session) => session.role !== 'customer';
export const mayWrite = (session: Session) => session.scopes.includes('write');
