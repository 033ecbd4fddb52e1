import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { hostNamesQuery } from '../api/catalogue';

interface HostSelectProps {
  label: string;
  hiddenLabel?: boolean;
  placeholder?: string;
  value: string | undefined;
  onChange: (id: string | undefined) => void;
}

/** A host by its name; for operators. */
export function HostSelect({ label, hiddenLabel, placeholder, value, onChange }: HostSelectProps) {
  const { data: names } = useQuery(hostNamesQuery);
  return (
    <Select
      label={hiddenLabel ? undefined : label}
      aria-label={label}
      placeholder={placeholder}
      data={[...(names ?? [])].map(([id, name]) => ({ value: id, label: name }))}
      value={value ?? null}
      onChange={(id) => onChange(id ?? undefined)}
      searchable
      limit={100}
      nothingFoundMessage="No such host"
      clearable
      clearButtonProps={{ 'aria-label': `Clear: ${label}` }}
      w={hiddenLabel ? { base: '100%', xs: 160 } : undefined}
    />
  );
}
