import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Tenant } from '../../api/types';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { SuspendTenant, TerminateTenant, UnsuspendTenant } from './tenant-dialogs';
import { TenantForm } from './tenant-form';

type Dialog = 'edit' | 'suspend' | 'unsuspend' | 'terminate';

export function TenantActions({ tenant }: { tenant: Tenant }) {
  const writes = mayWrite(useSession());
  const [opened, setOpened] = useState<Dialog | null>(null);
  const close = () => setOpened(null);
  // Once its servers are deleted, nothing can be taken back.
  const over =
    tenant.status === 'terminated' && !(tenant.terminate_at && Date.parse(tenant.terminate_at) > Date.now());
  if (!writes || over) return null;
  return (
    <>
      <Button variant="default" onClick={() => setOpened('edit')}>
        Edit
      </Button>
      {tenant.status === 'active' && (
        <Button variant="default" onClick={() => setOpened('suspend')}>
          Suspend
        </Button>
      )}
      {tenant.status !== 'active' && (
        <Button onClick={() => setOpened('unsuspend')}>
          {tenant.status === 'terminated' ? 'Take back' : 'Lift the suspension'}
        </Button>
      )}
      {tenant.status !== 'terminated' && (
        <Button variant="outline" color="var(--mantine-color-error)" onClick={() => setOpened('terminate')}>
          Terminate
        </Button>
      )}
      {opened === 'edit' && <TenantForm tenant={tenant} onClose={close} />}
      {opened === 'suspend' && <SuspendTenant tenant={tenant} onClose={close} />}
      {opened === 'unsuspend' && <UnsuspendTenant tenant={tenant} onClose={close} />}
      {opened === 'terminate' && <TerminateTenant tenant={tenant} onClose={close} />}
    </>
  );
}
