import type { AuditEvent } from '../../api/types';
import { PageLink } from '../../components/page-link';
import { HostLink, ServerLink, TenantLink } from '../../components/reference';
import { shortId, words } from '../../format/words';

export const TARGET_TYPES = [
  'server',
  'host',
  'tenant',
  'snapshot',
  'operation',
  'ip_pool',
  'location',
  'plan',
  'template',
  'token',
  'webhook',
] as const;

/** What it was done to, with a link where it has a page. */
export function AuditTarget({ target: { type, id } }: { target: AuditEvent['target'] }) {
  if (type === 'server') return <ServerLink id={id} />;
  if (type === 'host') return <HostLink id={id} />;
  if (type === 'tenant') return <TenantLink id={id} />;
  const label = `${words(type)} …${shortId(id)}`;
  if (type === 'operation') return <PageLink to={`/operations/${id}`} label={label} />;
  if (type === 'ip_pool') return <PageLink to={`/ip-pools/${id}`} label={label} />;
  return <span title={id}>{label}</span>;
}
