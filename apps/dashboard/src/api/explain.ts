import { bytes, count } from '../format/amounts';
import { ApiError, messageOf } from './errors';

const resources: Record<string, string> = {
  servers: 'servers',
  cpus: 'CPUs',
  ram_bytes: 'memory',
  disk_bytes: 'disk',
  ipv4: 'IPv4 addresses',
  snapshots: 'snapshots',
  snapshot_bytes: 'disk for snapshots',
};

/** A refusal for people: amounts in units, and what would help. Other refusals are in the API's words. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return messageOf(error);
  if (error.code === 'quota_exceeded') return quotaText(error.details) ?? messageOf(error);
  if (error.code === 'no_capacity' && error.details.offer === 'migrate') {
    return `${messageOf(error)}.`;
  }
  if (error.code === 'no_capacity') {
    return `There is no room for this at the moment: ${error.message}. A smaller plan or another location may help.`;
  }
  return messageOf(error);
}

function quotaText(details: Record<string, unknown>): string | null {
  const { resource, limit, used, requested } = details as Record<string, number | string>;
  const name = resources[String(resource)];
  if (!name || typeof limit !== 'number' || typeof used !== 'number') return null;
  const text = String(resource).endsWith('_bytes') ? bytes : count;
  const wanted = typeof requested === 'number' ? `, and this would take ${text(requested)} more` : '';
  return `The quota of ${name} is ${text(limit)}: ${text(used)} in use${wanted}. Delete what is not needed, or ask your provider for a larger quota.`;
}
