import { Fieldset, SimpleGrid } from '@mantine/core';
import type { Host } from '../../api/types';
import { AmountInput } from '../../components/amount-input';
import type { FieldErrors } from '../../components/form-modal';
import { type AmountKind, amountOf, amountText, parseAmount } from '../../format/parse-amount';

const fields = {
  cpus: { label: 'CPUs', kind: 'number' },
  ram_bytes: { label: 'Memory', kind: 'bytes' },
  disk_bytes: { label: 'Disk', kind: 'bytes' },
} as const satisfies Record<keyof Host['capacity'], { label: string; kind: AmountKind }>;

const factors = { cpus: 'CPUs', ram: 'Memory', disk: 'Disk' } as const;

/** Capacity and overcommit as they stand in a form. */
export interface CapacityTexts {
  capacity: Record<keyof typeof fields, string>;
  overcommit: Record<keyof typeof factors, string>;
}

export function capacityTexts(host: Pick<Host, 'capacity' | 'overcommit'> | null): CapacityTexts {
  return {
    capacity: {
      cpus: amountText('number', host?.capacity.cpus),
      ram_bytes: amountText('bytes', host?.capacity.ram_bytes),
      disk_bytes: amountText('bytes', host?.capacity.disk_bytes),
    },
    overcommit: {
      cpus: amountText('number', host?.overcommit.cpus),
      ram: amountText('number', host?.overcommit.ram),
      disk: amountText('number', host?.overcommit.disk),
    },
  };
}

const names = Object.keys(fields) as (keyof typeof fields)[];
const factorNames = Object.keys(factors) as (keyof typeof factors)[];

/** For the API; null where a field can't be read. What is empty is not named. */
export function capacityOf({ capacity, overcommit }: CapacityTexts) {
  const unreadable =
    names.some((name) => 'error' in parseAmount(fields[name].kind, capacity[name])) ||
    factorNames.some((name) => 'error' in parseAmount('number', overcommit[name]));
  if (unreadable) return null;
  const named = <N extends string>(pairs: [N, number | null][]) =>
    Object.fromEntries(pairs.filter(([, value]) => value !== null)) as Partial<Record<N, number>>;
  return {
    capacity: named(names.map((name) => [name, amountOf(fields[name].kind, capacity[name])])),
    overcommit: named(factorNames.map((name) => [name, amountOf('number', overcommit[name])])),
  };
}

interface CapacityFieldsProps {
  value: CapacityTexts;
  onChange: (value: CapacityTexts) => void;
  errorOf: FieldErrors;
}

export function CapacityFields({ value, onChange, errorOf }: CapacityFieldsProps) {
  return (
    <>
      <Fieldset legend="Capacity" p="sm">
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" verticalSpacing="xs">
          {names.map((name) => (
            <AmountInput
              key={name}
              {...fields[name]}
              help="Empty: what it reports"
              placeholder=""
              text={value.capacity[name]}
              error={errorOf(`capacity.${name}`)}
              onChange={(text) => onChange({ ...value, capacity: { ...value.capacity, [name]: text } })}
            />
          ))}
        </SimpleGrid>
      </Fieldset>
      <Fieldset legend="Sold how many times" p="sm">
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" verticalSpacing="xs">
          {factorNames.map((name) => (
            <AmountInput
              key={name}
              label={factors[name]}
              kind="number"
              help="1: no overcommit"
              placeholder=""
              text={value.overcommit[name]}
              error={errorOf(`overcommit.${name}`)}
              onChange={(text) => onChange({ ...value, overcommit: { ...value.overcommit, [name]: text } })}
            />
          ))}
        </SimpleGrid>
      </Fieldset>
    </>
  );
}
