import { Fieldset, SimpleGrid, Stack } from '@mantine/core';
import { limitInfo, type LimitName } from '../format/limits';
import { AmountInput } from './amount-input';
import type { FieldErrors } from './form-modal';
import type { LimitTexts } from './limit-texts';

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
              <AmountInput
                key={name}
                {...limitInfo[name]}
                text={value[name]}
                error={errorOf?.(`limits.${name}`)}
                onChange={(text) => onChange({ ...value, [name]: text })}
              />
            ))}
          </SimpleGrid>
        </Fieldset>
      ))}
    </Stack>
  );
}
