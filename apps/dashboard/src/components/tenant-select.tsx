import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../api/client';
import { tenantQuery } from '../api/queries';

interface TenantSelectProps {
  label: string;
  /** Only for those who can't see. */
  hiddenLabel?: boolean;
  placeholder?: string;
  description?: string;
  value: string | undefined;
  onChange: (id: string | undefined) => void;
  required?: boolean;
  error?: string;
}

const TYPING_MS = 150;

/** One of any number of tenants: the API is asked for those that are meant by what is typed. */
export function TenantSelect(props: TenantSelectProps) {
  const { label, hiddenLabel, value, onChange, required } = props;
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, TYPING_MS);
  const chosen = useQuery({ ...tenantQuery(value ?? ''), enabled: Boolean(value) }).data;
  // What was chosen stands in the field, and is not looked for.
  const wanted = chosen && search === chosen.name ? '' : search;
  const found = useQuery({
    queryKey: ['tenants', 'choices', wanted],
    queryFn: async ({ signal }) => {
      const query = { per_page: '50', sort: 'name:asc', ...(wanted && { search: wanted }) };
      return (await answerOf(api.GET('/v1/tenants', { params: { query }, signal }))).tenants;
    },
    placeholderData: keepPreviousData,
  }).data;
  const choices = (found ?? []).map(({ id, name }) => ({ value: id, label: name }));
  if (chosen && !choices.some((choice) => choice.value === chosen.id)) {
    choices.unshift({ value: chosen.id, label: chosen.name });
  }
  return (
    <Select
      label={hiddenLabel ? undefined : label}
      aria-label={label}
      placeholder={props.placeholder}
      description={props.description}
      error={props.error}
      data={choices}
      value={value ?? null}
      onChange={(id) => onChange(id ?? undefined)}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      // The API has looked already.
      filter={({ options }) => options}
      nothingFoundMessage="No such tenant"
      clearable={!required}
      clearButtonProps={{ 'aria-label': `Clear: ${label}` }}
      required={required}
      w={hiddenLabel ? { base: '100%', xs: 220 } : undefined}
    />
  );
}
