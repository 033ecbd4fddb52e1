import { NumberInput, Radio, Stack, Switch, TextInput } from '@mantine/core';

interface FieldProps<T> {
  value: T;
  onChange: (value: T) => void;
  error?: string;
}

export function ReasonField({ value, onChange, error }: FieldProps<string>) {
  return (
    <TextInput
      label="Reason"
      description="The customer sees it"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      maxLength={500}
      error={error}
    />
  );
}

export type SuspensionPolicy = 'stop' | 'network';

/** What a suspension does. `many`: to all servers of a tenant. */
export function PolicyField({
  value,
  onChange,
  error,
  many,
}: FieldProps<SuspensionPolicy> & { many?: boolean }) {
  const [what, stopped, cut, run] = many
    ? ['What happens to its servers', 'They are stopped', 'Their network is cut off', 'They run on']
    : ['What happens to it', 'It is stopped', 'Its network is cut off', 'It runs on'];
  return (
    <Radio.Group
      label={what}
      value={value}
      onChange={(chosen) => onChange(chosen as SuspensionPolicy)}
      error={error}
    >
      <Stack gap="xs" mt="xs">
        <Radio value="stop" label={stopped} description="All files are kept" />
        <Radio
          value="network"
          label={cut}
          description={`${run}, where nobody can reach ${many ? 'them' : 'it'}`}
        />
      </Stack>
    </Radio.Group>
  );
}

export interface Grace {
  hours: number;
  snapshot: boolean;
}

export const DEFAULT_GRACE: Grace = { hours: 72, snapshot: true };

/** Until when a termination can be taken back. */
export function GraceFields({ value, onChange }: { value: Grace; onChange: (value: Grace) => void }) {
  return (
    <>
      <NumberInput
        label="Hours until it is deleted"
        min={0}
        max={8760}
        allowDecimal={false}
        value={value.hours}
        onChange={(hours) => onChange({ ...value, hours: Number(hours) || 0 })}
      />
      <Switch
        label="Keep a last snapshot until then"
        checked={value.snapshot}
        onChange={(event) => onChange({ ...value, snapshot: event.currentTarget.checked })}
      />
    </>
  );
}
