import { NumberInput, PasswordInput, Text } from '@mantine/core';
import { useState } from 'react';
import { useKeepRootPassword } from '../../../../api/root-password';
import { serverAction } from '../../../../api/server-actions';
import type { Server } from '../../../../api/types';
import { useAction } from '../../../../api/use-action';
import { type FieldErrors, FormModal } from '../../../../components/form-modal';

export interface DialogProps {
  server: Server;
  onClose: () => void;
}

const PATIENCE_S = 30;

export function StopDialog({ server, onClose }: DialogProps) {
  const [timeout, setTimeout] = useState<number>(PATIENCE_S);
  const stop = useAction(() => serverAction(server.id, 'stop', { timeout_s: timeout }), {
    quiet: true,
    said: () => `${server.name} is stopped`,
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Stop ${server.name}?`}
      action="Stop"
      onSubmit={() => stop.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <Text size="sm">
            Its services are told to end, and it is reached by nobody until it is started again. Its files and
            addresses stay. It is billed on: the space is kept for it.
          </Text>
          <Patience value={timeout} onChange={setTimeout} errorOf={errorOf} />
        </>
      )}
    </FormModal>
  );
}

export function RestartDialog({ server, onClose }: DialogProps) {
  const [timeout, setTimeout] = useState<number>(PATIENCE_S);
  const restart = useAction(() => serverAction(server.id, 'restart', { timeout_s: timeout }), {
    quiet: true,
    said: () => `${server.name} restarts`,
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Restart ${server.name}?`}
      action="Restart"
      onSubmit={() => restart.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <Text size="sm">It is shut down, and started again at once. Open connections end.</Text>
          <Patience value={timeout} onChange={setTimeout} errorOf={errorOf} />
        </>
      )}
    </FormModal>
  );
}

interface PatienceProps {
  value: number;
  onChange: (value: number) => void;
  errorOf: FieldErrors;
}

function Patience({ value, onChange, errorOf }: PatienceProps) {
  return (
    <NumberInput
      label="Wait for its services to end"
      description="Seconds; what has not ended then is ended by force"
      min={0}
      max={3600}
      allowDecimal={false}
      value={value}
      onChange={(typed) => onChange(Number(typed) || 0)}
      error={errorOf('timeout_s')}
    />
  );
}

export function KillDialog({ server, onClose }: DialogProps) {
  const kill = useAction(() => serverAction(server.id, 'kill', {}), {
    quiet: true,
    said: () => `${server.name} is stopped at once`,
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Stop ${server.name} at once?`}
      action="Stop at once"
      danger
      onSubmit={() => kill.mutateAsync(undefined)}
    >
      {() => (
        <Text size="sm">
          As if its power was cut: what its programs had not written down is lost. For a server that doesn’t
          stop otherwise.
        </Text>
      )}
    </FormModal>
  );
}

export function PasswordDialog({ server, onClose }: DialogProps) {
  const [password, setPassword] = useState('');
  const keep = useKeepRootPassword();
  const reset = useAction(
    () => serverAction(server.id, 'reset_password', password ? { root_password: password } : {}),
    {
      quiet: true,
      said: () => `The root password of ${server.name} is set`,
      onDone: (answer) => keep(server.id, answer),
    },
  );
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Reset the root password of ${server.name}`}
      action="Reset password"
      onSubmit={() => reset.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <Text size="sm">The old one holds no longer. SSH keys are not touched.</Text>
          <PasswordInput
            label="New password"
            description="Leave it empty, and one is made up and shown to you once"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="new-password"
            error={errorOf('root_password')}
          />
        </>
      )}
    </FormModal>
  );
}
