import { Group } from '@mantine/core';
import { IconDisc } from '@tabler/icons-react';
import { OneFilter } from '../../components/filters';
import { Card, Page } from '../../components/page';
import { EmptyState } from '../../components/states';
import { TenantSelect } from '../../components/tenant-select';
import { useFilters } from '../../components/use-filters';
import { isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';
import { SnapshotList } from './snapshot-list';

const STATES = [
  { value: 'available', label: 'Available' },
  { value: 'creating', label: 'Creating' },
  { value: 'deleting', label: 'Deleting' },
  { value: 'error', label: 'Error' },
];

/** The snapshots of all servers. */
export function SnapshotsPage() {
  const staff = isStaff(useSession());
  const [filters, setFilters] = useFilters();
  const { status, tenant_id } = filters;
  const filtered = Boolean(status || tenant_id);
  return (
    <Page
      title="Snapshots"
      description="Servers as they were at a moment: to go back to, or to make new servers of."
    >
      <Card flush>
        <Group p="sm" gap="sm">
          <OneFilter
            label="Any state"
            choices={STATES}
            value={status}
            onChange={(value) => setFilters({ status: value })}
          />
          {staff && (
            <TenantSelect
              label="Any tenant"
              hiddenLabel
              placeholder="Any tenant"
              value={tenant_id}
              onChange={(value) => setFilters({ tenant_id: value })}
            />
          )}
        </Group>
        <SnapshotList
          query={{ status, tenant_id }}
          tenants={staff}
          sort={filters.sort ?? 'created_at:desc'}
          onSort={(sort) => setFilters({ sort })}
          empty={
            <EmptyState icon={IconDisc} title={filtered ? 'No such snapshot' : 'No snapshot yet'}>
              {filtered
                ? 'None is what you look for.'
                : 'Snapshots are taken on a server’s page, under “Snapshots”: before an update, for example.'}
            </EmptyState>
          }
        />
      </Card>
    </Page>
  );
}
