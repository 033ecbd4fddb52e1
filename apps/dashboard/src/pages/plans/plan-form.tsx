import { Fieldset, SimpleGrid, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Plan } from '../../api/types';
import { useAction } from '../../api/use-action';
import { type FieldErrors, FormModal } from '../../components/form-modal';
import { changedLimits, limitsOf, limitTexts } from '../../components/limit-texts';
import { LimitsFields } from '../../components/limits-fields';
import { priceErrors, priceOf, type PriceTexts, priceTexts } from './price-texts';

/** Makes a plan, or changes one: only what is other than before is sent. */
export function PlanForm({ plan, onClose }: { plan: Plan | null; onClose: () => void }) {
  const [name, setName] = useState(plan?.name ?? '');
  const [description, setDescription] = useState(plan?.description ?? '');
  const [limits, setLimits] = useState(() => limitTexts(plan?.limits));
  const [billed, setBilled] = useState(plan ? plan.price !== null : true);
  const [prices, setPrices] = useState(() => priceTexts(plan?.price));
  const allLimits = limitsOf(limits);
  const price = billed ? priceOf(prices) : null;
  const save = useAction(
    () => {
      const body = { name, description, price };
      return plan
        ? answerOf(
            api.PATCH('/v1/plans/{id}', {
              params: { path: { id: plan.id } },
              body: { ...body, limits: changedLimits(limits, plan.limits)! },
            }),
          )
        : answerOf(api.POST('/v1/plans', { body: { ...body, limits: allLimits! } }));
    },
    { changes: ['plans'], quiet: true },
  );
  return (
    <FormModal
      opened
      title={plan ? `Edit ${plan.name}` : 'New plan'}
      action={plan ? 'Save' : 'Create'}
      size="xl"
      onClose={onClose}
      ready={allLimits !== null && (!billed || price !== null)}
      onSubmit={() => save.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <TextInput
              label="Name"
              value={name}
              error={errorOf('name')}
              required
              data-autofocus
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <TextInput
              label="Description"
              value={description}
              error={errorOf('description')}
              onChange={(event) => setDescription(event.currentTarget.value)}
            />
          </SimpleGrid>
          <LimitsFields value={limits} onChange={setLimits} errorOf={errorOf} />
          <Switch
            label="Its servers are billed"
            checked={billed}
            onChange={(event) => setBilled(event.currentTarget.checked)}
          />
          {billed && <PriceFields value={prices} onChange={setPrices} errorOf={errorOf} />}
        </>
      )}
    </FormModal>
  );
}

interface PriceFieldsProps {
  value: PriceTexts;
  onChange: (value: PriceTexts) => void;
  errorOf: FieldErrors;
}

const priceFields: [keyof PriceTexts, string, string][] = [
  ['currency', 'Currency', 'Such as EUR'],
  ['hourly_micros', 'An hour', 'Such as 0.0045; whatever state the server is in'],
  ['monthly_cap_micros', 'A month, at most', 'Such as 3.00; empty: no cap'],
  ['included_traffic_bytes', 'Traffic included a month', 'What is sent, such as 1 TiB'],
  ['overage_micros_per_gib', 'Each GiB beyond', 'Such as 0.001'],
];

function PriceFields({ value, onChange, errorOf }: PriceFieldsProps) {
  const errors = priceErrors(value);
  return (
    <Fieldset legend="Price" p="sm">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm" verticalSpacing="xs">
        {priceFields.map(([field, label, help]) => (
          <TextInput
            key={field}
            label={label}
            description={help}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={value[field]}
            error={errorOf(`price.${field}`) ?? errors[field]}
            onChange={(event) => onChange({ ...value, [field]: event.currentTarget.value })}
          />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}
