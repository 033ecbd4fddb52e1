import { Button, Checkbox, TextInput } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { listRows } from '../../api/rows';
import type { Tenant, Token } from '../../api/types';
import { useAction } from '../../api/use-action';
import { ConfirmByName } from '../../components/confirm-by-name';
import { FormModal } from '../../components/form-modal';
import { Card } from '../../components/page';
import { type Column, ResourceTable } from '../../components/resource-table';
import { RowMenu } from '../../components/row-menu';
import { SecretOnce } from '../../components/secret-once';
import { EmptyState } from '../../components/states';
import { When } from '../../components/when';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';

/** With these the tenant, and whoever it trusts, use the API and sign in here. */
export function TenantTokens({ tenant }: { tenant: Tenant }) {
  const writes = mayWrite(useSession());
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [doomed, setDoomed] = useState<Token | null>(null);
  const revoke = useAction(
    ({ id }: Token) => answerOf(api.DELETE('/v1/tokens/{id}', { params: { path: { id } } })),
    { changes: ['tokens'], quiet: true, said: (_, { name }) => `${name} is revoked` },
  );
  const add = writes && tenant.status !== 'terminated' && (
    <Button onClick={() => setMaking(true)}>New token for it</Button>
  );
  return (
    <Card title="Tokens" actions={add} flush>
      <ResourceTable
        label={`Tokens of ${tenant.name}`}
        columns={[
          ...columns,
          {
            header: 'Actions',
            end: true,
            cell: (token) =>
              writes && (
                <RowMenu
                  name={token.name}
                  actions={[{ label: 'Revoke', onClick: () => setDoomed(token), dangerous: true }]}
                />
              ),
          },
        ]}
        rows={listRows<Token>('/v1/tokens', { tenant_id: tenant.id })}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon={IconKey} title="No token yet">
            Without one the tenant can’t sign in. Make one, and give it to the customer.
          </EmptyState>
        }
      />
      {making && <TokenForm tenant={tenant} onMade={setSecret} onClose={() => setMaking(false)} />}
      <SecretOnce title={`Token of ${tenant.name}`} secret={secret} onClose={() => setSecret(null)}>
        Give it to the customer by a way that nobody else reads. If it is lost, make another one.
      </SecretOnce>
      {doomed && (
        <ConfirmByName
          opened
          onClose={() => setDoomed(null)}
          title={`Revoke ${doomed.name}`}
          name={doomed.name}
          action="Revoke"
          onConfirm={() => revoke.mutateAsync(doomed)}
        >
          Whoever uses it is signed out within seconds, and scripts that use it stop working.
        </ConfirmByName>
      )}
    </Card>
  );
}

const columns: Column<Token>[] = [
  { header: 'Name', cell: ({ name }) => name },
  {
    header: 'May',
    cell: ({ scopes }) => (scopes.includes('write') ? 'read and change' : 'read only'),
  },
  { header: 'Last used', cell: ({ last_used_at }) => <When at={last_used_at} />, from: 'sm' },
  { header: 'Made', cell: ({ created_at }) => <When at={created_at} />, from: 'sm' },
];

interface TokenFormProps {
  tenant: Tenant;
  onMade: (secret: string | null) => void;
  onClose: () => void;
}

function TokenForm({ tenant, onMade, onClose }: TokenFormProps) {
  const [name, setName] = useState('');
  const [writes, setWrites] = useState(true);
  const make = useAction(
    () =>
      answerOf(
        api.POST('/v1/tenants/{id}/tokens', {
          params: { path: { id: tenant.id } },
          body: { name: name.trim() || 'token', scopes: writes ? ['read', 'write'] : ['read'] },
        }),
      ),
    { changes: ['tokens'], quiet: true, onDone: ({ secret }) => onMade(secret ?? null) },
  );
  return (
    <FormModal
      opened
      title={`New token for ${tenant.name}`}
      action="Create"
      onClose={onClose}
      onSubmit={() => make.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <TextInput
            label="Name"
            description="What it is for, or who has it"
            value={name}
            error={errorOf('name')}
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Checkbox
            label="It may change things"
            description="Without, it only reads"
            checked={writes}
            onChange={(event) => setWrites(event.currentTarget.checked)}
          />
        </>
      )}
    </FormModal>
  );
}
