import { Fieldset, SimpleGrid, TextInput } from '@mantine/core';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Tenant } from '../../api/types';
import { useAction } from '../../api/use-action';
import { AmountInput } from '../../components/amount-input';
import { FormModal } from '../../components/form-modal';
import { type AmountKind, amountText, parseAmount } from '../../format/parse-amount';

type Quota = Tenant['quota'];

const fields: Record<keyof Quota, { label: string; kind: AmountKind; help?: string }> = {
  servers: { label: 'Servers', kind: 'count' },
  cpus: { label: 'CPUs', kind: 'number', help: 'Fractions are allowed' },
  ram_bytes: { label: 'Memory', kind: 'bytes', help: 'Such as 64 GiB' },
  disk_bytes: { label: 'Disk', kind: 'bytes', help: 'Such as 1 TiB' },
  ipv4: { label: 'IPv4 addresses', kind: 'count' },
  snapshots: { label: 'Snapshots', kind: 'count' },
  snapshot_bytes: { label: 'Snapshots’ disk', kind: 'bytes', help: 'Of all together' },
};
const names = Object.keys(fields) as (keyof Quota)[];

/** Makes a tenant, or changes one. */
export function TenantForm({ tenant, onClose }: { tenant: Tenant | null; onClose: () => void }) {
  const [name, setName] = useState(tenant?.name ?? '');
  const [externalId, setExternalId] = useState(tenant?.external_id ?? '');
  const [texts, setTexts] = useState(
    () =>
      Object.fromEntries(
        names.map((field) => [field, amountText(fields[field].kind, tenant?.quota[field])]),
      ) as Record<keyof Quota, string>,
  );
  const parsed = names.map((field) => [field, parseAmount(fields[field].kind, texts[field])] as const);
  const readable = parsed.every(([, one]) => 'value' in one);
  const save = useAction(
    () => {
      const quota = Object.fromEntries(
        parsed.map(([field, one]) => [field, 'value' in one ? one.value : null]),
      ) as unknown as Quota;
      const body = { name: name.trim(), external_id: externalId.trim() || null, quota };
      return tenant
        ? answerOf(api.PATCH('/v1/tenants/{id}', { params: { path: { id: tenant.id } }, body }))
        : answerOf(api.POST('/v1/tenants', { body }));
    },
    { changes: ['tenants', 'quota'], quiet: true },
  );
  return (
    <FormModal
      opened
      title={tenant ? `Edit ${tenant.name}` : 'New tenant'}
      action={tenant ? 'Save' : 'Create'}
      size="lg"
      onClose={onClose}
      ready={readable}
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
              label="Your number"
              description="Its key in your own system; may be empty"
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              value={externalId}
              error={errorOf('external_id')}
              onChange={(event) => setExternalId(event.currentTarget.value)}
            />
          </SimpleGrid>
          <Fieldset legend="Quota: what it may have at once" p="sm">
            <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm" verticalSpacing="xs">
              {names.map((field) => (
                <AmountInput
                  key={field}
                  {...fields[field]}
                  text={texts[field]}
                  error={errorOf(`quota.${field}`)}
                  onChange={(text) => setTexts({ ...texts, [field]: text })}
                />
              ))}
            </SimpleGrid>
          </Fieldset>
        </>
      )}
    </FormModal>
  );
}
