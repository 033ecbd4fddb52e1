import { PasswordInput, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { templatesQuery } from '../../../../api/catalogue';
import { answerOf, api } from '../../../../api/client';
import { useKeepRootPassword } from '../../../../api/root-password';
import { serverAction } from '../../../../api/server-actions';
import { useAction } from '../../../../api/use-action';
import { ConfirmByName } from '../../../../components/confirm-by-name';
import { FormModal } from '../../../../components/form-modal';
import type { DialogProps } from './everyday';

export function DeleteDialog({ server, onClose }: DialogProps) {
  const remove = useAction(
    () => answerOf(api.DELETE('/v1/servers/{id}', { params: { path: { id: server.id } } })),
    { quiet: true, said: () => `${server.name} is deleted`, changes: ['quota'] },
  );
  if (server.protection.delete) return <Protected server={server} onClose={onClose} />;
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Delete ${server.name}?`}
      name={server.name}
      action="Delete"
      onConfirm={() => remove.mutateAsync(undefined)}
    >
      Its files, its snapshots and its addresses are given up for good: nobody can bring them back.
      {server.operation && ' What is under way is cancelled where that is still possible.'}
    </ConfirmByName>
  );
}

function Protected({ server, onClose }: DialogProps) {
  const unprotect = useAction(() => serverAction(server.id, 'change_protection', { delete: false }), {
    quiet: true,
    said: () => `${server.name} can be deleted now`,
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`${server.name} is protected`}
      action="Take the protection away"
      onSubmit={() => unprotect.mutateAsync(undefined)}
    >
      {() => (
        <Text size="sm">
          Somebody has protected it against deletion. Take the protection away first, if you are sure that it
          isn’t needed any more.
        </Text>
      )}
    </FormModal>
  );
}

export function ReinstallDialog({ server, onClose }: DialogProps) {
  const { data: templates } = useQuery(templatesQuery);
  const [template, setTemplate] = useState<string | null>(server.template);
  const [password, setPassword] = useState('');
  const keep = useKeepRootPassword();
  const reinstall = useAction(
    () =>
      serverAction(server.id, 'reinstall', {
        template: template ?? '',
        ...(password && { root_password: password }),
      }),
    {
      quiet: true,
      said: () => `${server.name} is installed anew`,
      onDone: (answer) => keep(server.id, answer),
    },
  );
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Reinstall ${server.name}?`}
      name={server.name}
      action="Reinstall"
      onConfirm={() => reinstall.mutateAsync(undefined)}
    >
      <Stack gap="sm">
        <div>Everything on its disk is lost. It keeps its addresses, SSH keys, plan and snapshots.</div>
        <Select
          label="Template"
          data={(templates ?? []).map(({ name }) => name)}
          value={template}
          onChange={setTemplate}
          allowDeselect={false}
        />
        <PasswordInput
          label="Root password"
          description="Leave it empty, and it has its SSH keys alone; without keys one is made up and shown once"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
        />
      </Stack>
    </ConfirmByName>
  );
}
