import { Text } from '@mantine/core';
import { IconServer2 } from '@tabler/icons-react';
import type { Overview } from '../../api/types';
import { FillCell } from '../../components/fill-cell';
import { Card } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { SimpleTable } from '../../components/simple-table';
import { EmptyState } from '../../components/states';
import { bytes, count } from '../../format/amounts';
import { HostStatus } from '../hosts/host-status';

type Hosts = Overview['hosts'];
type Fill = Pick<Hosts['shown'][number], 'allocatable' | 'allocated' | 'servers'>;

const resources = [
  ['cpus', 'CPU', count],
  ['ram_bytes', 'Memory', bytes],
  ['disk_bytes', 'Disk', bytes],
] as const;

const fillColumns = (nameOf: (row: never) => string) =>
  resources.map(([resource, label, format]) => ({
    header: label,
    // A phone has room for two.
    from: resource === 'disk_bytes' ? ('sm' as const) : undefined,
    cell: (row: Fill) => (
      <FillCell
        label={`${label} of ${nameOf(row as never)}`}
        used={row.allocated[resource]}
        limit={row.allocatable[resource]}
        format={format}
      />
    ),
  }));

/** What has no room at all, as a host that isn't enrolled, is not full. */
const shareOf = ({ load, allocatable }: Hosts['shown'][number]) => (allocatable.ram_bytes > 0 ? load : -1);

/** What is promised of what may be: locations first, then hosts, the fullest first. */
export function FleetFill({ hosts }: { hosts: Hosts }) {
  if (hosts.total === 0) {
    return (
      <Card title="Hosts">
        <EmptyState
          icon={IconServer2}
          title="No host yet"
          action={<PageLink to="/hosts/enrol" label="Enrol a host" />}
        >
          How full each of them is will be here.
        </EmptyState>
      </Card>
    );
  }
  const fullest = [...hosts.shown].sort((a, b) => shareOf(b) - shareOf(a));
  return (
    <>
      <Card title="Locations" flush>
        <SimpleTable
          label="Locations by how full they are"
          rows={hosts.by_location}
          rowKey={({ location }) => location}
          columns={[
            {
              header: 'Location',
              cell: ({ location }) => <PageLink to="/hosts" search={{ location }} label={location} strong />,
            },
            {
              header: 'Hosts',
              cell: ({ hosts: number, unreachable }) => (
                <>
                  {count(number)}
                  {unreachable > 0 && (
                    <Text
                      span
                      size="sm"
                      c="var(--mantine-color-error)"
                    >{`, ${count(unreachable)} silent`}</Text>
                  )}
                </>
              ),
            },
            { header: 'Servers', cell: ({ servers }) => count(servers), end: true, from: 'sm' },
            ...fillColumns(({ location }: Hosts['by_location'][number]) => location),
          ]}
        />
      </Card>
      <Card
        title={
          fullest.length < hosts.total
            ? `The fullest ${fullest.length} of ${count(hosts.total)} hosts`
            : 'Hosts'
        }
        actions={<PageLink to="/hosts" label="All hosts" />}
        flush
      >
        <SimpleTable
          label="Hosts, the fullest first"
          rows={fullest}
          rowKey={({ id }) => id}
          columns={[
            { header: 'Host', cell: ({ id, name }) => <PageLink to={`/hosts/${id}`} label={name} strong /> },
            { header: 'State', cell: (host) => <HostStatus host={host} />, from: 'sm' },
            { header: 'Servers', cell: ({ servers }) => count(servers), end: true, from: 'sm' },
            ...fillColumns(({ name }: Hosts['shown'][number]) => name),
          ]}
        />
      </Card>
    </>
  );
}
