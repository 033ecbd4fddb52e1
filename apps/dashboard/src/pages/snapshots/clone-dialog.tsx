import { PasswordInput, Switch, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { useKeepRootPassword } from '../../api/root-password';
import type { Snapshot } from '../../api/types';
import { useAction } from '../../api/use-action';
import { FormModal } from '../../components/form-modal';
import { SshKeysInput } from '../../components/ssh-keys-input';
import { sshKeyLines } from '../../format/ssh-keys';

/** A server of its own with the snapshot's files; its page is gone to. */
export function CloneDialog({ snapshot, onClose }: { snapshot: Snapshot; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const keepPassword = useKeepRootPassword();
  const [name, setName] = useState('');
  const [keys, setKeys] = useState('');
  const [password, setPassword] = useState('');
  const [start, setStart] = useState(true);
  const clone = useAction(
    () =>
      answerOf(
        api.POST('/v1/snapshots/{id}/actions/clone', {
          params: { path: { id: snapshot.id } },
          body: {
            name: name.trim(),
            ...(keys.trim() && { ssh_keys: sshKeyLines(keys).map(({ line }) => line) }),
            ...(password && { root_password: password }),
            labels: {},
            start,
            onboot: true,
            boot_order: 0,
          },
        }),
      ),
    {
      quiet: true,
      changes: ['quota'],
      onDone: (answer) => {
        keepPassword(answer.server.id, answer);
        client.setQueryData(['servers', 'one', answer.server.id], answer.server);
        void navigate({ to: `/servers/${answer.server.id}` });
      },
    },
  );
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`New server from ${snapshot.name}`}
      action="Order"
      ready={name.trim() !== ''}
      onSubmit={() => clone.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <Text size="sm">
            It is ordered with the plan {snapshot.plan} and the limits that the server had when the snapshot
            was taken, and gets addresses of its own. It is billed like any other.
          </Text>
          <TextInput
            label="Name"
            description="Lower case letters, digits and -"
            value={name}
            onChange={(event) => setName(event.currentTarget.value.toLowerCase())}
            error={errorOf('name')}
            required
            data-autofocus
          />
          <SshKeysInput
            value={keys}
            onChange={setKeys}
            description="Leave it empty, and the keys of the snapshot’s server may sign in"
            error={errorOf('ssh_keys')}
          />
          <PasswordInput
            label="Root password"
            description="Not needed where there are keys"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="new-password"
            error={errorOf('root_password')}
          />
          <Switch
            label="Start it when it is made"
            checked={start}
            onChange={(event) => setStart(event.currentTarget.checked)}
          />
        </>
      )}
    </FormModal>
  );
}
