import type { HostRecord } from '../../hosts/host-record';

/** What this process remembers of a host that it watches. */
export interface WatchedHost {
  record: HostRecord;
  version: string;
  /** As the database has it. */
  reachable: boolean;
  /** Failed looks in a row. */
  misses: number;
  /** Why it is not reachable, as written last by this process. */
  trouble: string | null;
  /** Seen since the lease was last renewed. */
  seen: boolean;
  /** `performance.now()` of the next look. */
  dueAt: number;
  looking: boolean;
  /** Differences of the last look: a second one in a row makes them true. */
  suspects: Set<string>;
  /** Servers dealt with since the host's boot; null while nothing is to be done. */
  recovery: { bootId: string; handled: Set<string> } | null;
}
