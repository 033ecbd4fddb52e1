import { Group } from '@mantine/core';
import { ChoiceFilter, SearchInput } from '../../components/filters';
import { ServerChip } from '../../components/server-chip';
import { WhoseFilters } from '../../components/whose-filters';
import { operationKinds } from './operation-kinds';

/** As the API's parameters are called. */
export const FILTERS = ['search', 'status', 'kind', 'server_id', 'host_id', 'tenant_id'] as const;

const STATUSES = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const;

interface OperationFiltersProps {
  filters: Record<string, string | undefined>;
  onChange: (change: Record<string, string | undefined>) => void;
}

export function OperationFilters({ filters, onChange }: OperationFiltersProps) {
  const set = (name: string) => (value: string | undefined) => onChange({ [name]: value });
  return (
    <Group p="sm" gap="sm">
      <SearchInput
        label="Search jobs"
        placeholder="Server’s name, or an id"
        value={filters.search}
        onChange={set('search')}
      />
      <ChoiceFilter label="Any state" choices={STATUSES} value={filters.status} onChange={set('status')} />
      <ChoiceFilter label="Any kind" choices={operationKinds} value={filters.kind} onChange={set('kind')} />
      <WhoseFilters filters={filters} set={set} />
      <ServerChip id={filters.server_id} onClear={() => onChange({ server_id: undefined })} />
    </Group>
  );
}
