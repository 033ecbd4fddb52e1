import { IconNetwork } from '@tabler/icons-react';
import { listRows } from '../../api/rows';
import type { IpPool, PoolAddress } from '../../api/types';
import { CopyValue } from '../../components/copy-value';
import { Card } from '../../components/page';
import { ServerLink, TenantLink } from '../../components/reference';
import { type Column, ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { When } from '../../components/when';

/** Of an IPv6 network: those /64 that servers have. No map could show all that there are. */
export function UsedNetworks({ pool }: { pool: IpPool }) {
  return (
    <Card title="Networks in use" flush>
      <ResourceTable
        label={`Networks of ${pool.cidr} in use`}
        columns={columns}
        rows={{
          ...listRows<PoolAddress>(`/v1/ip_pools/${pool.id}/addresses`),
          queryKey: ['ip_pools', 'addresses', pool.id],
        }}
        rowKey={({ address }) => address}
        empty={
          <EmptyState icon={IconNetwork} title="None is in use">
            Each server that is ordered with IPv6 in this location gets a /64 of it.
          </EmptyState>
        }
      />
    </Card>
  );
}

const columns: Column<PoolAddress>[] = [
  {
    header: 'Network',
    cell: ({ address, prefix }) => <CopyValue value={`${address}/${prefix}`} />,
  },
  { header: 'Server', cell: ({ server }) => server && <ServerLink id={server.id} /> },
  { header: 'Tenant', cell: ({ tenant_id }) => tenant_id && <TenantLink id={tenant_id} />, from: 'sm' },
  { header: 'Resolves to', cell: ({ rdns }) => rdns ?? '–', from: 'md' },
  { header: 'Given', cell: ({ assigned_at }) => <When at={assigned_at} />, from: 'sm' },
];
