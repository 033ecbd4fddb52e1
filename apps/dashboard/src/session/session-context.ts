import { createContext, useContext } from 'react';
import type { Session } from './session';

export const SessionContext = createContext<Session | null>(null);

/** Who is signed in; only below the shell, which nobody sees who isn't. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('this page is drawn without anybody signed in');
  return session;
}
