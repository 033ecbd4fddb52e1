import { Fieldset, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { bitRate, bytes } from '../format/amounts';
import { limitInfo, type LimitName } from '../format/limits';
import type { FieldErrors } from './form-modal';
import { type LimitTexts, parseLimit } from './limit-texts';

const groups: [string, LimitName[]][] = [
  ['Processor', ['cpus', 'cpu_limit_percent', 'cpu_units', 'cpu_mask', 'node_mask']],
  ['Memory', ['ram_bytes', 'swap_bytes', 'ram_guarantee_bytes', 'ram_barrier_bytes']],
  ['Disk', ['disk_bytes', 'disk_inodes', 'io_limit_bps', 'io_limit_iops', 'io_priority']],
  ['Network and processes', ['net_rate_in_bps', 'net_rate_out_bps', 'num_proc']],
];

interface LimitsFieldsProps {
  value: LimitTexts;
  onChange: (value: LimitTexts) => void;
  /** What the API refused, by its name of the field: `limits.ram_bytes`. */
  errorOf?: FieldErrors;
}

/** The part of a form in which limits are entered as people say them (`2 GiB`); an empty field is no limit. */
export function LimitsFields({ value, onChange, errorOf }: LimitsFieldsProps) {
  return (
    <Stack gap="sm">
      {groups.map(([title, names]) => (
        <Fieldset key={title} legend={title} p="sm">
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm" verticalSpacing="xs">
            {names.map((name) => (
              <LimitField
                key={name}
                name={name}
                text={value[name]}
                refusal={errorOf?.(`limits.${name}`)}
                onChange={(text) => onChange({ ...value, [name]: text })}
              />
            ))}
          </SimpleGrid>
        </Fieldset>
      ))}
    </Stack>
  );
}

interface LimitFieldProps {
  name: LimitName;
  text: string;
  refusal: string | undefined;
  onChange: (text: string) => void;
}

function LimitField({ name, text, refusal, onChange }: LimitFieldProps) {
  const { label, kind, help } = limitInfo[name];
  const parsed = parseLimit(name, text);
  const error = refusal ?? ('error' in parsed ? parsed.error : undefined);
  const size = 'value' in parsed && typeof parsed.value === 'number' ? parsed.value : null;
  const readAs =
    size === null
      ? null
      : kind === 'bytes'
        ? `= ${size.toLocaleString('en')} bytes`
        : kind === 'byteRate'
          ? `= ${bytes(size)} a second`
          : kind === 'bitRate'
            ? `= ${bitRate(size)}`
            : null;
  return (
    <TextInput
      label={label}
      description={readAs ?? help}
      placeholder="No limit"
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      value={text}
      error={error}
      inputMode={kind === 'count' || kind === 'percent' ? 'decimal' : undefined}
      autoComplete="off"
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
