import type { Tenant } from '../../api/types';
import { PageLink } from '../../components/page-link';
import type { Column } from '../../components/resource-table';
import { StatusBadge } from '../../components/status-badge';
import { When } from '../../components/when';
import { bytes, count } from '../../format/amounts';

const limit = (value: number | null, format: (value: number) => string) =>
  value === null ? 'no limit' : format(value);

export const tenantColumns: Column<Tenant>[] = [
  {
    header: 'Name',
    sort: 'name',
    cell: ({ id, name }) => <PageLink to={`/tenants/${id}`} label={name} strong />,
  },
  { header: 'State', cell: ({ status }) => <StatusBadge status={status} running={false} /> },
  { header: 'Your number', sort: 'external_id', cell: ({ external_id }) => external_id ?? '–', from: 'sm' },
  { header: 'Servers, at most', cell: ({ quota }) => limit(quota.servers, count), end: true, from: 'sm' },
  { header: 'CPUs', cell: ({ quota }) => limit(quota.cpus, count), end: true, from: 'md' },
  { header: 'Memory', cell: ({ quota }) => limit(quota.ram_bytes, bytes), end: true, from: 'md' },
  { header: 'Disk', cell: ({ quota }) => limit(quota.disk_bytes, bytes), end: true, from: 'lg' },
  { header: 'Since', sort: 'created_at', cell: ({ created_at }) => <When at={created_at} />, from: 'sm' },
];
