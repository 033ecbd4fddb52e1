import { NumberInput, Radio, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { serverAction } from '../../../../api/server-actions';
import { useAction } from '../../../../api/use-action';
import { ConfirmByName } from '../../../../components/confirm-by-name';
import { FormModal } from '../../../../components/form-modal';
import type { DialogProps } from './everyday';

interface ReasonProps {
  value: string;
  onChange: (value: string) => void;
  error?: string;
}

function Reason({ value, onChange, error }: ReasonProps) {
  return (
    <TextInput
      label="Reason"
      description="The customer sees it"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      maxLength={500}
      error={error}
    />
  );
}

export function SuspendDialog({ server, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const [policy, setPolicy] = useState<'stop' | 'network'>('stop');
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
          <Radio.Group
            label="What happens to it"
            value={policy}
            onChange={(chosen) => setPolicy(chosen as 'stop' | 'network')}
            error={errorOf('policy')}
          >
            <Stack gap="xs" mt="xs">
              <Radio value="stop" label="It is stopped" description="Its files are kept" />
              <Radio
                value="network"
                label="Its network is cut off"
                description="It runs on, where nobody can reach it"
              />
            </Stack>
          </Radio.Group>
          <Reason value={reason} onChange={setReason} error={errorOf('reason')} />
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
          <Reason value={reason} onChange={setReason} error={errorOf('reason')} />
        </>
      )}
    </FormModal>
  );
}

const DAYS_3 = 72;

export function TerminateDialog({ server, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const [hours, setHours] = useState(DAYS_3);
  const [snapshot, setSnapshot] = useState(true);
  const terminate = useAction(
    () =>
      serverAction(server.id, 'terminate', {
        reason: reason.trim() || null,
        grace_hours: hours,
        final_snapshot: snapshot,
      }),
    { quiet: true, said: () => `${server.name} is suspended, and deleted in ${hours} hours` },
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
        <NumberInput
          label="Hours until it is deleted"
          min={0}
          max={8760}
          allowDecimal={false}
          value={hours}
          onChange={(value) => setHours(Number(value) || 0)}
        />
        <Switch
          label="Keep a last snapshot until then"
          checked={snapshot}
          onChange={(event) => setSnapshot(event.currentTarget.checked)}
        />
        <Reason value={reason} onChange={setReason} />
      </Stack>
    </ConfirmByName>
  );
}
