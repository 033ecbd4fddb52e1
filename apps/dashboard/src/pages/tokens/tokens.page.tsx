import { Button } from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { listRows } from '../../api/rows';
import type { Token } from '../../api/types';
import { useAction } from '../../api/use-action';
import { ConfirmByName } from '../../components/confirm-by-name';
import { Card, Page } from '../../components/page';
import { TenantLink } from '../../components/reference';
import { type Column, ResourceTable } from '../../components/resource-table';
import { SecretOnce } from '../../components/secret-once';
import { EmptyState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { When } from '../../components/when';
import { words } from '../../format/words';
import { isStaff, mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { TokenForm } from './token-form';

/** The keys with which programs, and people, sign in. */
export function TokensPage() {
  const session = useSession();
  const [filters, setFilters] = useFilters();
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const sort = filters.sort ?? 'created_at:desc';
  const columns: (Column<Token> | false)[] = [
    { header: 'Name', sort: 'name', cell: ({ name }) => name },
    { header: 'May', cell: ({ scopes }) => (scopes.includes('write') ? 'read and change' : 'read') },
    isStaff(session) && { header: 'Role', cell: ({ role }) => words(role), from: 'sm' },
    isStaff(session) && {
      header: 'Tenant',
      cell: ({ tenant_id }) => tenant_id && <TenantLink id={tenant_id} />,
      from: 'md',
    },
    {
      header: 'Last used',
      cell: ({ last_used_at }) => (last_used_at ? <When at={last_used_at} /> : 'never'),
      from: 'sm',
    },
    { header: 'Made', sort: 'created_at', cell: ({ created_at }) => <When at={created_at} />, from: 'md' },
    mayWrite(session) && {
      header: 'Do',
      end: true,
      cell: (token) => (
        <Button size="compact-sm" variant="default" onClick={() => setRevoking(token)}>
          Revoke
        </Button>
      ),
    },
  ];
  return (
    <Page
      title="Tokens"
      description="Programs that use the API sign in with a token, and so can people here. Give each its own, so that one can be revoked without the others."
      actions={
        mayWrite(session) && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
            New token
          </Button>
        )
      }
    >
      <Card flush>
        <ResourceTable
          label="Tokens"
          columns={columns.filter((column) => column !== false)}
          rowKey={({ id }) => id}
          rows={listRows<Token>('/v1/tokens', { sort })}
          sort={sort}
          onSort={(next) => setFilters({ sort: next })}
          empty={
            <EmptyState icon={IconKey} title="No token yet">
              Make one for each program that is to use the API.
            </EmptyState>
          }
        />
      </Card>
      {making && <TokenForm onClose={() => setMaking(false)} onSecret={setSecret} />}
      {revoking && <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />}
      <SecretOnce title="The new token" secret={secret} onClose={() => setSecret(null)}>
        Programs send it as <code>Authorization: Bearer …</code>; people sign in with it here.
      </SecretOnce>
    </Page>
  );
}

function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const revoke = useAction(
    () => answerOf(api.DELETE('/v1/tokens/{id}', { params: { path: { id: token.id } } })),
    { quiet: true, said: () => `${token.name} is revoked`, changes: ['tokens'] },
  );
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Revoke ${token.name}?`}
      name={token.name}
      action="Revoke"
      onConfirm={() => revoke.mutateAsync(undefined)}
    >
      What uses it is refused from now on, and who signed in here with it is signed out. It can’t be brought
      back.
    </ConfirmByName>
  );
}
