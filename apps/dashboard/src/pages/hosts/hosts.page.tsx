import { Button, Group } from '@mantine/core';
import { IconServer2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { locationsQuery } from '../../api/catalogue';
import { listRows } from '../../api/rows';
import type { Host } from '../../api/types';
import { FillCell } from '../../components/fill-cell';
import { ChoiceFilter, OneFilter } from '../../components/filters';
import { Card, Page } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { type Column, ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { count } from '../../format/amounts';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { hostFills } from './host-fill';
import { HostStatus } from './host-status';

const STATUSES = ['active', 'cordoned', 'enrolling', 'error', 'removed'] as const;

/** The machines that servers run on. */
export function HostsPage() {
  const writes = mayWrite(useSession());
  const [filters, setFilters] = useFilters();
  const { status, location, reachable, sort } = filters;
  const locations = useQuery(locationsQuery).data ?? [];
  const filtered = Boolean(status ?? location ?? reachable);
  const add = writes && (
    <Button component={Link} to="/hosts/enrol">
      Enrol a host
    </Button>
  );
  return (
    <Page
      title="Hosts"
      description="The machines that servers run on. The bars show what is promised to servers, of what may be."
      actions={add}
    >
      <Card flush>
        <Group p="sm" gap="sm">
          <ChoiceFilter
            label="Any state"
            choices={STATUSES}
            value={status}
            onChange={(chosen) => setFilters({ status: chosen })}
          />
          <OneFilter
            label="Any location"
            choices={locations.map(({ name }) => name)}
            value={location}
            onChange={(chosen) => setFilters({ location: chosen })}
          />
        </Group>
        <ResourceTable
          label="Hosts"
          columns={columns}
          rows={listRows<Host>('/v1/hosts', { status, location, reachable, sort })}
          rowKey={({ id }) => id}
          sort={sort ?? 'name:asc'}
          onSort={(chosen) => setFilters({ sort: chosen })}
          empty={
            filtered ? (
              <EmptyState icon={IconServer2} title="No such host">
                None is in this state and location.
              </EmptyState>
            ) : (
              <EmptyState icon={IconServer2} title="No host yet" action={add}>
                Enrol a machine that can be reached by SSH: it is checked, prepared, and takes servers then.
              </EmptyState>
            )
          }
        />
      </Card>
    </Page>
  );
}

const fillColumn = (index: number, header: string, from?: 'sm' | 'md'): Column<Host> => ({
  header,
  from,
  cell: (host) => {
    const { label, used, limit, format } = hostFills(host)[index]!;
    return <FillCell label={`${label} of ${host.name}`} used={used} limit={limit} format={format} />;
  },
});

const columns: Column<Host>[] = [
  {
    header: 'Name',
    sort: 'name',
    cell: ({ id, name }) => <PageLink to={`/hosts/${id}`} label={name} strong />,
  },
  { header: 'State', cell: (host) => <HostStatus host={host} /> },
  { header: 'Location', cell: ({ location }) => location, from: 'md' },
  { header: 'Driver', cell: ({ driver }) => driver, from: 'lg' },
  { header: 'Servers', cell: ({ used }) => count(used.servers), end: true, from: 'sm' },
  fillColumn(0, 'CPU', 'sm'),
  fillColumn(1, 'Memory'),
  fillColumn(2, 'Disk', 'sm'),
];
