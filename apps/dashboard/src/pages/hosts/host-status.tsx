import type { Host } from '../../api/types';
import { StatusBadge } from '../../components/status-badge';

/** A host that can't be reached is that first of all, whatever it is meant to be. */
export function HostStatus({ host }: { host: Pick<Host, 'status' | 'reachable'> }) {
  const silent = !host.reachable && (host.status === 'active' || host.status === 'cordoned');
  return <StatusBadge status={silent ? 'unreachable' : host.status} />;
}
