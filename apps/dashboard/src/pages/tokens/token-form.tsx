import { Radio, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Role } from '../../api/types';
import { useAction } from '../../api/use-action';
import { FormModal } from '../../components/form-modal';
import { TenantSelect } from '../../components/tenant-select';
import { isOperator, isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';

interface TokenFormProps {
  onClose: () => void;
  onSecret: (secret: string) => void;
}

/** For whom a token is made: a customer's own, staff's own role, or a tenant's. */
type For = 'own' | 'customer' | 'billing';

export function TokenForm({ onClose, onSecret }: TokenFormProps) {
  const session = useSession();
  const staff = isStaff(session);
  const [name, setName] = useState('');
  const [write, setWrite] = useState(true);
  const [whose, setWhose] = useState<For>('own');
  const [tenantId, setTenantId] = useState<string>();
  const make = useAction(
    () => {
      const body = { name: name.trim(), scopes: write ? ['read', 'write'] : ['read'] } as {
        name: string;
        scopes: ('read' | 'write')[];
        role?: Role;
      };
      if (whose === 'customer') {
        return answerOf(
          api.POST('/v1/tenants/{id}/tokens', { params: { path: { id: tenantId ?? '' } }, body }),
        );
      }
      return answerOf(
        api.POST('/v1/tokens', { body: whose === 'billing' ? { ...body, role: 'billing' } : body }),
      );
    },
    { quiet: true, changes: ['tokens'], onDone: ({ secret }) => secret && onSecret(secret) },
  );
  const choices = [
    { value: 'own', label: `${session.role === 'operator' ? 'Operator' : 'Billing'}: as you are` },
    ...(isOperator(session)
      ? [{ value: 'billing', label: 'Billing: tenants, servers and usage of all' }]
      : []),
    { value: 'customer', label: 'Customer: of one tenant' },
  ];
  return (
    <FormModal
      opened
      onClose={onClose}
      title="New token"
      action="Make it"
      ready={name.trim() !== '' && (whose !== 'customer' || Boolean(tenantId))}
      onSubmit={() => make.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <TextInput
            label="Name"
            description="What will use it, such as backup script"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errorOf('name')}
            required
            data-autofocus
          />
          {staff && (
            <Select
              label="Role"
              data={choices}
              value={whose}
              onChange={(value) => setWhose(value as For)}
              allowDeselect={false}
              error={errorOf('role')}
            />
          )}
          {whose === 'customer' && (
            <TenantSelect label="Tenant" value={tenantId} onChange={setTenantId} required />
          )}
          <Radio.Group
            label="What it may do"
            value={write ? 'write' : 'read'}
            onChange={(value) => setWrite(value === 'write')}
            error={errorOf('scopes')}
          >
            <Stack gap="xs" mt="xs">
              <Radio value="write" label="Read and change" description="Order, delete, and everything else" />
              <Radio value="read" label="Read only" description="For monitoring, for example" />
            </Stack>
          </Radio.Group>
        </>
      )}
    </FormModal>
  );
}
