import { Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { serverAction } from '../../../../api/server-actions';
import { useAction } from '../../../../api/use-action';
import { ConfirmByName } from '../../../../components/confirm-by-name';
import { FormModal } from '../../../../components/form-modal';
import {
  DEFAULT_GRACE,
  GraceFields,
  PolicyField,
  ReasonField,
  type SuspensionPolicy,
} from '../../../../components/suspension-fields';
import type { DialogProps } from './everyday';

export function SuspendDialog({ server, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const [policy, setPolicy] = useState<SuspensionPolicy>('stop');
  const suspend = useAction(
    () => serverAction(server.id, 'suspend', { reason: reason.trim() || null, policy }),
    { quiet: true, said: () => `${server.name} is suspended` },
  );
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Suspend ${server.name}`}
      action="Suspend"
      danger
      onSubmit={() => suspend.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <PolicyField value={policy} onChange={setPolicy} error={errorOf('policy')} />
          <ReasonField value={reason} onChange={setReason} error={errorOf('reason')} />
        </>
      )}
    </FormModal>
  );
}

export function UnsuspendDialog({ server, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const lift = useAction(() => serverAction(server.id, 'unsuspend', { reason: reason.trim() || null }), {
    quiet: true,
    said: () => `The suspension of ${server.name} is lifted`,
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Lift the suspension of ${server.name}`}
      action="Lift it"
      onSubmit={() => lift.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <Text size="sm">
            It is as it was before, and started if it ran. A termination that has not happened yet is taken
            back. Where its tenant is suspended, that stays.
          </Text>
          <ReasonField value={reason} onChange={setReason} error={errorOf('reason')} />
        </>
      )}
    </FormModal>
  );
}

export function TerminateDialog({ server, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const [grace, setGrace] = useState(DEFAULT_GRACE);
  const terminate = useAction(
    () =>
      serverAction(server.id, 'terminate', {
        reason: reason.trim() || null,
        grace_hours: grace.hours,
        final_snapshot: grace.snapshot,
      }),
    { quiet: true, said: () => `${server.name} is suspended, and deleted in ${grace.hours} hours` },
  );
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Terminate ${server.name}?`}
      name={server.name}
      action="Terminate"
      onConfirm={() => terminate.mutateAsync(undefined)}
    >
      <Stack gap="sm">
        <div>
          It is suspended now, and deleted for good when the time is over. Until then it can be taken back.
        </div>
        <GraceFields value={grace} onChange={setGrace} />
        <ReasonField value={reason} onChange={setReason} />
      </Stack>
    </ConfirmByName>
  );
}
