import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { locationsQuery } from '../api/catalogue';

interface LocationFieldProps {
  value: string;
  onChange: (value: string) => void;
  description?: string;
  error?: string;
  disabled?: boolean;
}

/** A location in a form, by name. */
export function LocationField({ value, onChange, description, error, disabled }: LocationFieldProps) {
  const locations = useQuery(locationsQuery).data ?? [];
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
      disabled={disabled}
      required
    />
  );
}
