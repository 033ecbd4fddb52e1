import { Group, SegmentedControl } from '@mantine/core';
import { IconCompass } from '@tabler/icons-react';
import { listRows } from '../../api/rows';
import type { DriftFinding } from '../../api/types';
import { OneFilter } from '../../components/filters';
import { HostSelect } from '../../components/host-select';
import { Card, Page } from '../../components/page';
import { ResourceTable } from '../../components/resource-table';
import { ServerChip } from '../../components/server-chip';
import { EmptyState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { driftColumns } from './drift-columns';
import { driftKinds, driftWords } from './drift-words';

/** Where hosts and database tell different stories. */
export function DriftPage() {
  const [filters, setFilters] = useFilters();
  const { kind, host_id, server_id } = filters;
  const resolved = filters.resolved === 'true';
  const query = { kind, host_id, server_id, resolved: resolved ? 'true' : undefined };
  const filtered = Boolean(kind ?? host_id ?? server_id);
  return (
    <Page
      title="Drift"
      description="Where a host is not as the database says. What is found is shown, and never touched by itself."
    >
      <Card flush>
        <Group p="sm" gap="sm">
          <SegmentedControl
            aria-label="Open or resolved"
            value={resolved ? 'true' : 'false'}
            onChange={(chosen) => setFilters({ resolved: chosen === 'true' ? 'true' : undefined })}
            data={[
              { value: 'false', label: 'Open' },
              { value: 'true', label: 'Resolved' },
            ]}
          />
          <OneFilter
            label="Any finding"
            choices={driftKinds.map((value) => ({ value, label: driftWords(value).title }))}
            value={kind}
            onChange={(chosen) => setFilters({ kind: chosen })}
          />
          <HostSelect
            label="Any host"
            hiddenLabel
            placeholder="Any host"
            value={host_id}
            onChange={(chosen) => setFilters({ host_id: chosen })}
          />
          <ServerChip id={server_id} onClear={() => setFilters({ server_id: undefined })} />
        </Group>
        <ResourceTable
          key={String(resolved)}
          label="Findings"
          columns={driftColumns({ host: true, resolved })}
          rows={listRows<DriftFinding>('/v1/drift', query)}
          rowKey={({ id }) => id}
          empty={<NothingFound filtered={filtered} resolved={resolved} />}
        />
      </Card>
    </Page>
  );
}

function NothingFound({ filtered, resolved }: { filtered: boolean; resolved: boolean }) {
  if (filtered) {
    return (
      <EmptyState icon={IconCompass} title="No such finding">
        None is what you look for: take a filter away.
      </EmptyState>
    );
  }
  return resolved ? (
    <EmptyState icon={IconCompass} title="Nothing was resolved yet">
      A finding is resolved by itself, once the host is as the database says.
    </EmptyState>
  ) : (
    <EmptyState icon={IconCompass} title="Everything is as it should be">
      Every host is looked at all the time: containers that nobody knows, servers without one, and what a
      failed job could not take back would be here.
    </EmptyState>
  );
}
