import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { choices } from '../api/rows';
import type { Location } from '../api/types';

const useLocations = () => useQuery(choices<Location>('/v1/locations', { sort: 'name:asc' })).data ?? [];

interface LocationFilterProps {
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** One location, or all of them. */
export function LocationFilter({ value, onChange }: LocationFilterProps) {
  const locations = useLocations();
  return (
    <Select
      aria-label="Location"
      placeholder="Any location"
      data={locations.map(({ name }) => name)}
      value={value ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
      clearable
      clearButtonProps={{ 'aria-label': 'Clear: location' }}
      searchable={locations.length > 10}
      w={{ base: '100%', xs: 180 }}
    />
  );
}

interface LocationFieldProps {
  value: string;
  onChange: (value: string) => void;
  description?: string;
  error?: string;
}

/** In a form, by name. */
export function LocationField({ value, onChange, description, error }: LocationFieldProps) {
  const locations = useLocations();
  return (
    <Select
      label="Location"
      description={description}
      data={locations.map(({ name }) => name)}
      value={value || null}
      error={error}
      onChange={(chosen) => onChange(chosen ?? '')}
      allowDeselect={false}
      searchable={locations.length > 10}
      required
    />
  );
}
