import type { ComponentType } from 'react';
import type { Server } from '../../../../api/types';
import { DeleteDialog, ReinstallDialog } from './destroying';
import { KillDialog, PasswordDialog, RestartDialog, StopDialog } from './everyday';
import { SuspendDialog, TerminateDialog, UnsuspendDialog } from './suspending';

export type DialogName =
  'stop' | 'restart' | 'kill' | 'password' | 'reinstall' | 'delete' | 'suspend' | 'unsuspend' | 'terminate';

/** What is asked before an action; each is on the page only while it is open. */
export const dialogs: Record<DialogName, ComponentType<{ server: Server; onClose: () => void }>> = {
  stop: StopDialog,
  restart: RestartDialog,
  kill: KillDialog,
  password: PasswordDialog,
  reinstall: ReinstallDialog,
  delete: DeleteDialog,
  suspend: SuspendDialog,
  unsuspend: UnsuspendDialog,
  terminate: TerminateDialog,
};
