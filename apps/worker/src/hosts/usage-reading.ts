import type { UsageReading } from '@berth/database';
import { serverNumberOf, toCounters } from '@berth/domain';
import type { ContainerUsage } from '@berth/runtime';

/** What a host counted of a server; null for containers that are none of Berth's. */
export function readingOf({ id, boot, at, beancounters }: ContainerUsage): UsageReading | null {
  const serverNumber = serverNumberOf(id);
  return serverNumber === null
    ? null
    : { serverNumber, boot, counters: toCounters(beancounters), hostAt: at };
}
