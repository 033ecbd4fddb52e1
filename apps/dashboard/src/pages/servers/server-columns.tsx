import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Server } from '../../api/types';
import { PrimaryAddress } from '../../components/addresses';
import { HostLink, TenantLink } from '../../components/reference';
import type { Column } from '../../components/resource-table';
import { ServerState } from '../../components/server-state';
import { When } from '../../components/when';
import { limitsInShort } from '../../format/limits';

/** Whose it is and where it runs are for those who may know. */
export function serverColumns({ tenant, host }: { tenant: boolean; host: boolean }): Column<Server>[] {
  const columns: (Column<Server> | false)[] = [
    {
      header: 'Name',
      sort: 'name',
      cell: ({ id, name }) => (
        <Anchor component={Link} to={`/servers/${id}`} size="sm" fw={550}>
          {name}
        </Anchor>
      ),
    },
    { header: 'State', sort: 'status', cell: (server) => <ServerState server={server} /> },
    { header: 'Address', cell: (server) => <PrimaryAddress server={server} /> },
    { header: 'Plan', cell: ({ plan }) => plan, from: 'sm' },
    { header: 'Limits', cell: ({ limits }) => limitsInShort(limits), from: 'lg' },
    { header: 'Location', cell: ({ location }) => location, from: 'lg' },
    host && {
      header: 'Host',
      from: 'md',
      cell: ({ host_id }) => host_id && <HostLink id={host_id} />,
    },
    tenant && { header: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} />, from: 'md' },
    { header: 'Ordered', sort: 'created_at', cell: ({ created_at }) => <When at={created_at} />, from: 'sm' },
  ];
  return columns.filter((column) => column !== false);
}
