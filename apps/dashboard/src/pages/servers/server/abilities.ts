import type { ServerAction } from '../../../api/server-actions';
import type { Server } from '../../../api/types';

type Status = Server['status'];
export type Doing = ServerAction | 'delete' | 'snapshot' | 'rollback';

const alive: Status[] = ['running', 'stopped', 'frozen'];
const existing: Status[] = ['creating', 'running', 'stopped', 'frozen', 'suspended', 'error'];

interface Rule {
  from: Status[];
  /** Of one that is frozen to disk: `fine`, or what it is for. Not offered where not said. */
  checkpoint?: 'fine' | 'needed';
  /** While something else is done to it. */
  meanwhile?: true;
}

/** When what is offered: as the API allows it, less what would change nothing (start of one that runs). */
const rules: Record<Doing, Rule> = {
  start: { from: ['stopped', 'error'] },
  stop: { from: ['running', 'frozen', 'error'], checkpoint: 'fine' },
  restart: { from: ['running', 'error'] },
  kill: { from: ['running', 'frozen', 'error'], checkpoint: 'fine' },
  freeze: { from: ['running'] },
  unfreeze: { from: ['frozen'] },
  checkpoint: { from: ['running', 'frozen'] },
  restore: { from: ['frozen'], checkpoint: 'needed' },
  reset_password: { from: alive },
  set_hostname: { from: alive },
  change_protection: { from: existing, checkpoint: 'fine', meanwhile: true },
  resize: { from: alive },
  reinstall: { from: ['running', 'stopped', 'frozen', 'error'], checkpoint: 'fine' },
  enable_feature: { from: alive },
  disable_feature: { from: alive },
  add_device: { from: alive },
  remove_device: { from: alive },
  add_address: { from: alive },
  remove_address: { from: alive },
  set_rdns: { from: existing, checkpoint: 'fine' },
  migrate: { from: ['running', 'stopped'] },
  suspend: { from: existing, checkpoint: 'fine', meanwhile: true },
  unsuspend: { from: existing, checkpoint: 'fine', meanwhile: true },
  terminate: { from: existing, checkpoint: 'fine', meanwhile: true },
  delete: { from: existing, checkpoint: 'fine', meanwhile: true },
  snapshot: { from: [...alive, 'suspended'], checkpoint: 'fine' },
  rollback: { from: ['running', 'stopped', 'frozen', 'error'], checkpoint: 'fine' },
};

/** Whether the server's state allows it: what doesn't apply to it is not offered at all. */
export function applies(server: Server, doing: Doing): boolean {
  const { from, checkpoint } = rules[doing];
  if (!from.includes(server.status)) return false;
  return server.checkpointed ? checkpoint !== undefined : checkpoint !== 'needed';
}

/** Whether it has to wait for what is under way: shown, and not to be pressed. */
export const isHeldUp = (server: Server, doing: Doing) =>
  server.operation !== null && !rules[doing].meanwhile;
