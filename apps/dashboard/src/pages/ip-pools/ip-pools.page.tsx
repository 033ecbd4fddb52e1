import { Button, Group } from '@mantine/core';
import { IconNetwork } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { locationsQuery } from '../../api/catalogue';
import { listRows } from '../../api/rows';
import type { IpPool } from '../../api/types';
import { FillCell } from '../../components/fill-cell';
import { OneFilter } from '../../components/filters';
import { Card, Page } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { type Column, ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { When } from '../../components/when';
import { count } from '../../format/amounts';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { IpPoolForm } from './ip-pool-form';

const FAMILIES = [
  { value: '4', label: 'IPv4' },
  { value: '6', label: 'IPv6' },
];

/** Where servers' addresses come from. */
export function IpPoolsPage() {
  const writes = mayWrite(useSession());
  const [filters, setFilters] = useFilters();
  const [making, setMaking] = useState(false);
  const locations = useQuery(locationsQuery).data ?? [];
  const { location, family, sort } = filters;
  const add = writes && <Button onClick={() => setMaking(true)}>New pool</Button>;
  return (
    <Page
      title="Address pools"
      description="Networks that servers’ addresses come from. A pool serves every host of its location."
      actions={add}
    >
      <Card flush>
        <Group p="sm" gap="sm">
          <OneFilter
            label="Any location"
            choices={locations.map(({ name }) => name)}
            value={location}
            onChange={(chosen) => setFilters({ location: chosen })}
          />
          <OneFilter
            label="IPv4 and IPv6"
            choices={FAMILIES}
            value={family}
            onChange={(chosen) => setFilters({ family: chosen })}
          />
        </Group>
        <ResourceTable
          label="Address pools"
          columns={columns}
          rows={listRows<IpPool>('/v1/ip_pools', { location, family, sort })}
          rowKey={({ id }) => id}
          sort={sort}
          onSort={(chosen) => setFilters({ sort: chosen })}
          empty={
            (location ?? family) ? (
              <EmptyState icon={IconNetwork} title="No such pool">
                None is of this location and family.
              </EmptyState>
            ) : (
              <EmptyState icon={IconNetwork} title="No address pool yet" action={add}>
                Servers need an address. Say which network is theirs, and in which location.
              </EmptyState>
            )
          }
        />
      </Card>
      {making && <IpPoolForm pool={null} onClose={() => setMaking(false)} />}
    </Page>
  );
}

const columns: Column<IpPool>[] = [
  {
    header: 'Network',
    sort: 'cidr',
    cell: ({ id, cidr }) => <PageLink to={`/ip-pools/${id}`} label={cidr} strong />,
  },
  { header: 'Location', cell: ({ location }) => location, from: 'sm' },
  { header: 'Gateway', cell: ({ gateway }) => gateway ?? '–', from: 'md' },
  {
    header: 'Used',
    cell: ({ cidr, used, size }) => <FillCell label={`Of ${cidr}`} used={used} limit={size} format={count} />,
  },
  {
    header: 'Free',
    cell: ({ used, size, family }) => `${count(size - used)}${family === 6 ? ' × /64' : ''}`,
    end: true,
    from: 'sm',
  },
  { header: 'Made', sort: 'created_at', cell: ({ created_at }) => <When at={created_at} />, from: 'md' },
];
