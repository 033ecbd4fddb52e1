import { useQuery } from '@tanstack/react-query';
import { Shell } from '../app/shell/shell';
import { LoadingState } from '../components/states';
import { sessionQuery } from './session';
import { SessionContext } from './session-context';

/** The pages, for who is signed in. */
export function SignedIn() {
  const { data: session } = useQuery(sessionQuery);
  if (!session) return <LoadingState />;
  return (
    <SessionContext value={session}>
      <Shell />
    </SessionContext>
  );
}
