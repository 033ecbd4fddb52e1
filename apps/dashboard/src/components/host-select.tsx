import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api/client';
import type { Host } from '../api/types';

interface HostSelectProps {
  label: string;
  hiddenLabel?: boolean;
  placeholder?: string;
  value: string | undefined;
  onChange: (id: string | undefined) => void;
}

/** Pages of 100: more hosts than these are in no menu, but a host's page lists its servers. */
const PAGES = 20;

async function allHosts(signal: AbortSignal): Promise<Host[]> {
  const hosts: Host[] = [];
  for (let page = 1; page <= PAGES; page += 1) {
    const query = { per_page: '100', page: String(page), sort: 'name:asc' };
    const answer = await answerOf(api.GET('/v1/hosts', { params: { query }, signal }));
    hosts.push(...answer.hosts);
    if (answer.meta.pagination.next_page === null) break;
  }
  return hosts;
}

/** A host by its name; for operators. */
export function HostSelect({ label, hiddenLabel, placeholder, value, onChange }: HostSelectProps) {
  const hosts = useQuery({
    queryKey: ['hosts', 'choices'],
    queryFn: ({ signal }) => allHosts(signal),
    staleTime: 5 * 60_000,
  }).data;
  return (
    <Select
      label={hiddenLabel ? undefined : label}
      aria-label={label}
      placeholder={placeholder}
      data={(hosts ?? []).map(({ id, name }) => ({ value: id, label: name }))}
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
