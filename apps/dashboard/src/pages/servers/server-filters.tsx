import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { locationsQuery, plansQuery, templatesQuery } from '../../api/catalogue';
import { ChoiceFilter, OneFilter, SearchInput } from '../../components/filters';
import { WhoseFilters } from '../../components/whose-filters';
import { isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';

/** As the API's parameters are called. */
export const FILTERS = [
  'search',
  'status',
  'plan',
  'template',
  'location',
  'host_id',
  'tenant_id',
  'label_selector',
] as const;

const STATUSES = ['running', 'stopped', 'creating', 'frozen', 'suspended', 'error'] as const;

interface ServerFiltersProps {
  filters: Record<string, string | undefined>;
  onChange: (change: Record<string, string | undefined>) => void;
}

export function ServerFilters({ filters, onChange }: ServerFiltersProps) {
  const session = useSession();
  const plans = useQuery(plansQuery).data ?? [];
  const templates = useQuery(templatesQuery).data ?? [];
  const locations = useQuery(locationsQuery).data ?? [];
  const set = (name: string) => (value: string | undefined) => onChange({ [name]: value });
  const more = ['plan', 'template', 'location', 'host_id', 'tenant_id', 'label_selector'];
  const inUse = more.filter((name) => filters[name]).length;
  const [opened, setOpened] = useState(inUse > 0);
  const names = (things: { name: string }[]) => things.map(({ name }) => name);
  return (
    <Group p="sm" gap="sm">
      <SearchInput
        label="Search servers"
        placeholder={isStaff(session) ? 'Name, address or tenant' : 'Name or address'}
        value={filters.search}
        onChange={set('search')}
      />
      <ChoiceFilter label="Any state" choices={STATUSES} value={filters.status} onChange={set('status')} />
      <Button variant="default" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        {inUse > 0 ? `More filters (${inUse})` : 'More filters'}
      </Button>
      {opened && (
        <Group gap="sm" w="100%">
          <OneFilter label="Any plan" choices={names(plans)} value={filters.plan} onChange={set('plan')} />
          <OneFilter
            label="Any template"
            choices={names(templates)}
            value={filters.template}
            onChange={set('template')}
          />
          {locations.length > 1 && (
            <OneFilter
              label="Any location"
              choices={names(locations)}
              value={filters.location}
              onChange={set('location')}
            />
          )}
          <WhoseFilters filters={filters} set={set} />
          <SearchInput
            label="Labels"
            placeholder="Labels: env=prod,!old"
            value={filters.label_selector}
            onChange={set('label_selector')}
          />
        </Group>
      )}
    </Group>
  );
}
