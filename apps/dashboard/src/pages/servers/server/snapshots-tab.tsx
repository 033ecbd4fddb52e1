import { Button, Switch, Text, TextInput } from '@mantine/core';
import { IconDisc, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { answerOf, api } from '../../../api/client';
import type { Server } from '../../../api/types';
import { useAction } from '../../../api/use-action';
import { FormModal } from '../../../components/form-modal';
import { Card } from '../../../components/page';
import { EmptyState } from '../../../components/states';
import { mayWrite } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { SnapshotList } from '../../snapshots/snapshot-list';
import { applies, isHeldUp } from './abilities';

/** How it was at some moments, and back to these. */
export function SnapshotsTab({ server }: { server: Server }) {
  const write = mayWrite(useSession());
  const [opened, setOpened] = useState(false);
  const take = write && applies(server, 'snapshot') && (
    <Button
      size="xs"
      leftSection={<IconPlus size={14} aria-hidden />}
      disabled={isHeldUp(server, 'snapshot')}
      onClick={() => setOpened(true)}
    >
      Take a snapshot
    </Button>
  );
  return (
    <Card title="Snapshots" actions={take} flush>
      <SnapshotList
        serverId={server.id}
        height="calc(100dvh - 24rem)"
        empty={
          <EmptyState icon={IconDisc} title="No snapshot yet">
            A snapshot keeps the server’s files as they are now, so that it can be taken back to them, or that
            new servers can be made of them. Take one before an update.
          </EmptyState>
        }
      />
      {opened && <TakeDialog server={server} onClose={() => setOpened(false)} />}
    </Card>
  );
}

function TakeDialog({ server, onClose }: { server: Server; onClose: () => void }) {
  const [name, setName] = useState('');
  const [memory, setMemory] = useState(false);
  const running = server.status === 'running';
  const take = useAction(
    () =>
      answerOf(
        api.POST('/v1/servers/{id}/snapshots', {
          params: { path: { id: server.id } },
          body: { ...(name.trim() && { name: name.trim() }), memory },
        }),
      ),
    {
      quiet: true,
      said: () => `A snapshot of ${server.name} is taken`,
      changes: ['snapshots', 'quota'],
    },
  );
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Take a snapshot of ${server.name}`}
      action="Take it"
      onSubmit={() => take.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <TextInput
            label="Name"
            description="Such as before-update; made of the time where it is empty"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errorOf('name')}
            data-autofocus
          />
          <Switch
            label="With memory"
            description={
              running
                ? 'Its running programs too: a rollback lets them go on where they were. It stands still while it is taken.'
                : 'Only of a server that runs'
            }
            checked={memory}
            disabled={!running}
            onChange={(event) => setMemory(event.currentTarget.checked)}
          />
          <Text size="xs" c="dimmed">
            A snapshot costs disk space only for what changes after it.
          </Text>
        </>
      )}
    </FormModal>
  );
}
