import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { LiveCache } from './apply-message';
import { type LiveState, LiveStream } from './live-stream';

const LiveContext = createContext<LiveState>('connecting');

/** While it is on the page, the API tells of changes, and the queries are kept as it says. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => {
    const cache = new LiveCache(client);
    const stream = new LiveStream('/v1/stream', {
      onMessage: (message) => cache.take(message),
      onOpen: (again) => again && cache.refreshAll(),
      onState: setState,
    });
    stream.start();
    return () => {
      stream.stop();
      cache.stop();
    };
  }, [client]);
  return <LiveContext value={state}>{children}</LiveContext>;
}

export const useLiveState = () => useContext(LiveContext);
