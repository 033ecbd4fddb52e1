import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Host } from '../../api/types';
import { useAction } from '../../api/use-action';
import { ConfirmByName } from '../../components/confirm-by-name';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { HostForm } from './host-form';

export function HostActions({ host }: { host: Host }) {
  const session = useSession();
  const navigate = useNavigate();
  const [opened, setOpened] = useState<'edit' | 'delete' | null>(null);
  const params = { path: { id: host.id } };
  const cordon = useAction(() => answerOf(api.POST('/v1/hosts/{id}/actions/cordon', { params, body: {} })), {
    changes: ['hosts', 'overview'],
    said: () => `${host.name} gets no new servers`,
  });
  const uncordon = useAction(
    () => answerOf(api.POST('/v1/hosts/{id}/actions/uncordon', { params, body: {} })),
    { changes: ['hosts', 'overview'], said: () => `${host.name} takes servers again` },
  );
  const remove = useAction(() => answerOf(api.DELETE('/v1/hosts/{id}', { params })), {
    changes: ['hosts', 'overview'],
    quiet: true,
    said: () => `${host.name} is deleted`,
    onDone: () => void navigate({ to: '/hosts' }),
  });
  if (!mayWrite(session) || host.status === 'removed') return null;
  return (
    <>
      {host.status === 'active' && (
        <Button variant="default" loading={cordon.isPending} onClick={() => cordon.mutate(undefined)}>
          Cordon
        </Button>
      )}
      {host.status === 'cordoned' && (
        <Button loading={uncordon.isPending} onClick={() => uncordon.mutate(undefined)}>
          Uncordon
        </Button>
      )}
      <Button variant="default" onClick={() => setOpened('edit')}>
        Edit
      </Button>
      <Button variant="outline" color="var(--mantine-color-error)" onClick={() => setOpened('delete')}>
        Delete
      </Button>
      {opened === 'edit' && <HostForm host={host} onClose={() => setOpened(null)} />}
      <ConfirmByName
        opened={opened === 'delete'}
        onClose={() => setOpened(null)}
        title={`Delete ${host.name}`}
        name={host.name}
        action="Delete"
        onConfirm={() => remove.mutateAsync(undefined)}
      >
        Berth forgets the host and its key; nothing is done on the machine itself. It has to be empty: migrate
        its servers away first.
      </ConfirmByName>
    </>
  );
}
