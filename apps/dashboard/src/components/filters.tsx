import { CloseButton, MultiSelect, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { words } from '../format/words';

/** So long nobody types: then it is asked for. */
const TYPING_MS = 60;

interface SearchInputProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

export function SearchInput({ label, placeholder, value, onChange }: SearchInputProps) {
  const [text, setText] = useState(value ?? '');
  const tell = useDebouncedCallback((typed: string) => onChange(typed.trim() || undefined), TYPING_MS);
  useEffect(() => setText(value ?? ''), [value]);
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        text && <CloseButton size="sm" aria-label="Clear the search" onClick={() => onChange(undefined)} />
      }
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
      w={{ base: '100%', xs: 300 }}
    />
  );
}

interface ChoiceFilterProps {
  label: string;
  choices: readonly string[];
  /** Comma separated, as the API takes it. */
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** Any of some: nothing chosen is all of them. */
export function ChoiceFilter({ label, choices, value, onChange }: ChoiceFilterProps) {
  return (
    <MultiSelect
      aria-label={label}
      placeholder={value ? undefined : label}
      data={choices.map((choice) => ({ value: choice, label: words(choice) }))}
      value={value ? value.split(',') : []}
      onChange={(chosen) => onChange(chosen.join(',') || undefined)}
      clearable
      clearButtonProps={{ 'aria-label': `Clear: ${label}` }}
      searchable={choices.length > 10}
      w={{ base: '100%', xs: 220 }}
    />
  );
}

interface OneFilterProps extends Omit<ChoiceFilterProps, 'choices'> {
  choices: readonly string[] | { value: string; label: string }[];
}

/** One of some, or all. */
export function OneFilter({ label, choices, value, onChange }: OneFilterProps) {
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={choices as string[]}
      value={value ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
      clearable
      clearButtonProps={{ 'aria-label': `Clear: ${label}` }}
      searchable
      w={{ base: '100%', xs: 160 }}
    />
  );
}
