import { Button } from '@mantine/core';
import { IconBox, IconPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { listRows } from '../../api/rows';
import type { Server } from '../../api/types';
import { Card, Page } from '../../components/page';
import { ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { isOperator, isStaff, mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { serverColumns } from './server-columns';
import { FILTERS, ServerFilters } from './server-filters';

/** Every server that one may see: a customer its own, staff those of all tenants. */
export function ServersPage() {
  const session = useSession();
  const [filters, setFilters] = useFilters();
  const query = Object.fromEntries(FILTERS.map((name) => [name, filters[name]]));
  const filtered = Object.values(query).some(Boolean);
  const sort = filters.sort ?? 'created_at:desc';
  return (
    <Page title="Servers" actions={mayWrite(session) && <OrderButton />}>
      <Card flush>
        <ServerFilters filters={filters} onChange={setFilters} />
        <ResourceTable
          label="Servers"
          columns={serverColumns({ tenant: isStaff(session), host: isOperator(session) })}
          rowKey={({ id }) => id}
          rows={listRows<Server>('/v1/servers', { ...query, sort })}
          sort={sort}
          onSort={(next) => setFilters({ sort: next })}
          empty={
            filtered ? (
              <EmptyState
                icon={IconBox}
                title="No such server"
                action={
                  <Button
                    variant="default"
                    onClick={() => setFilters(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}
                  >
                    Show all servers
                  </Button>
                }
              >
                None is what you look for. Parts of a name or address are enough.
              </EmptyState>
            ) : (
              <EmptyState icon={IconBox} title="No server yet" action={mayWrite(session) && <OrderButton />}>
                A server is a Linux system of its own, with its own address. It is up some seconds after the
                order.
              </EmptyState>
            )
          }
        />
      </Card>
    </Page>
  );
}

function OrderButton() {
  return (
    <Button component={Link} to="/servers/order" leftSection={<IconPlus size={16} aria-hidden />}>
      Order a server
    </Button>
  );
}
