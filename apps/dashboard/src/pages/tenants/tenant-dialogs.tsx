import { Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Tenant } from '../../api/types';
import { useAction } from '../../api/use-action';
import { ConfirmByName } from '../../components/confirm-by-name';
import { FormModal } from '../../components/form-modal';
import {
  DEFAULT_GRACE,
  GraceFields,
  PolicyField,
  ReasonField,
  type SuspensionPolicy,
} from '../../components/suspension-fields';

interface DialogProps {
  tenant: Tenant;
  onClose: () => void;
}

const CHANGES = ['tenants', 'servers', 'operations', 'overview'];

export function SuspendTenant({ tenant, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const [policy, setPolicy] = useState<SuspensionPolicy>('stop');
  const suspend = useAction(
    () =>
      answerOf(
        api.POST('/v1/tenants/{id}/actions/suspend', {
          params: { path: { id: tenant.id } },
          body: { reason: reason.trim() || null, policy },
        }),
      ),
    { changes: CHANGES, quiet: true, said: () => `${tenant.name} is suspended` },
  );
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Suspend ${tenant.name}`}
      action="Suspend"
      danger
      onSubmit={() => suspend.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <Text size="sm">Its tokens can read, and change nothing.</Text>
          <PolicyField many value={policy} onChange={setPolicy} error={errorOf('policy')} />
          <ReasonField value={reason} onChange={setReason} error={errorOf('reason')} />
        </>
      )}
    </FormModal>
  );
}

export function UnsuspendTenant({ tenant, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const lift = useAction(
    () =>
      answerOf(
        api.POST('/v1/tenants/{id}/actions/unsuspend', {
          params: { path: { id: tenant.id } },
          body: { reason: reason.trim() || null },
        }),
      ),
    { changes: CHANGES, quiet: true, said: () => `${tenant.name} is as before` },
  );
  const terminated = tenant.status === 'terminated';
  return (
    <FormModal
      opened
      onClose={onClose}
      title={
        terminated ? `Take the termination of ${tenant.name} back` : `Lift the suspension of ${tenant.name}`
      }
      action={terminated ? 'Take it back' : 'Lift it'}
      onSubmit={() => lift.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <Text size="sm">
            Its tokens work again, and its servers are started that ran before. Servers that were suspended by
            themselves stay so.
          </Text>
          <ReasonField value={reason} onChange={setReason} error={errorOf('reason')} />
        </>
      )}
    </FormModal>
  );
}

export function TerminateTenant({ tenant, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const [grace, setGrace] = useState(DEFAULT_GRACE);
  const terminate = useAction(
    () =>
      answerOf(
        api.POST('/v1/tenants/{id}/actions/terminate', {
          params: { path: { id: tenant.id } },
          body: { reason: reason.trim() || null, grace_hours: grace.hours, final_snapshot: grace.snapshot },
        }),
      ),
    {
      changes: CHANGES,
      quiet: true,
      said: () => `${tenant.name} is terminated: its servers are deleted in ${grace.hours} hours`,
    },
  );
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Terminate ${tenant.name}?`}
      name={tenant.name}
      action="Terminate"
      onConfirm={() => terminate.mutateAsync(undefined)}
    >
      <Stack gap="sm">
        <div>
          Its tokens can do nothing any more and its servers are stopped now; they are deleted for good when
          the time is over. Until then it can be taken back.
        </div>
        <GraceFields value={grace} onChange={setGrace} />
        <ReasonField value={reason} onChange={setReason} />
      </Stack>
    </ConfirmByName>
  );
}
