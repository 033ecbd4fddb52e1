import { Stack, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { serverQuery } from '../../api/queries';
import type { Snapshot } from '../../api/types';
import { useAction } from '../../api/use-action';
import { ConfirmByName } from '../../components/confirm-by-name';
import { moment } from '../../format/times';

interface SnapshotDialogProps {
  snapshot: Snapshot;
  onClose: () => void;
}

export function RollbackDialog({ snapshot, onClose }: SnapshotDialogProps) {
  const { data: server } = useQuery(serverQuery(snapshot.server_id));
  const [memory, setMemory] = useState(snapshot.memory);
  const rollback = useAction(
    () =>
      answerOf(
        api.POST('/v1/snapshots/{id}/actions/rollback', {
          params: { path: { id: snapshot.id } },
          body: { memory },
        }),
      ),
    { quiet: true, said: () => `${server?.name ?? 'The server'} goes back to ${snapshot.name}` },
  );
  const name = server?.name ?? snapshot.name;
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Roll ${name} back to ${snapshot.name}?`}
      name={name}
      action="Roll back"
      onConfirm={() => rollback.mutateAsync(undefined)}
    >
      <Stack gap="sm">
        <div>
          Everything that was written on its disk since {moment(snapshot.created_at)} is lost. Take a snapshot
          first if any of it may be needed.
        </div>
        {snapshot.memory && (
          <Switch
            label="Let its programs go on where they were"
            description="Otherwise it is started anew from the snapshot’s files"
            checked={memory}
            onChange={(event) => setMemory(event.currentTarget.checked)}
          />
        )}
      </Stack>
    </ConfirmByName>
  );
}

export function DeleteSnapshotDialog({ snapshot, onClose }: SnapshotDialogProps) {
  const remove = useAction(
    () => answerOf(api.DELETE('/v1/snapshots/{id}', { params: { path: { id: snapshot.id } } })),
    { quiet: true, said: () => `${snapshot.name} is deleted`, changes: ['snapshots', 'quota'] },
  );
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Delete ${snapshot.name}?`}
      name={snapshot.name}
      action="Delete"
      onConfirm={() => remove.mutateAsync(undefined)}
    >
      The server stays as it is, and can no longer be taken back to {moment(snapshot.created_at)}.
    </ConfirmByName>
  );
}
