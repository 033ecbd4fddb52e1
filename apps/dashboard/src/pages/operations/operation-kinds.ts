import type { Operation } from '../../api/types';

type Kind = Operation['kind'];

/** Every kind, so that the compiler tells when the API has another one. */
const kinds: Record<Kind, true> = {
  create_server: true,
  start_server: true,
  stop_server: true,
  restart_server: true,
  kill_server: true,
  delete_server: true,
  migrate_server: true,
  clear_source: true,
  resize_server: true,
  reinstall_server: true,
  clone_server: true,
  create_snapshot: true,
  delete_snapshot: true,
  rollback_snapshot: true,
  freeze_server: true,
  unfreeze_server: true,
  checkpoint_server: true,
  restore_server: true,
  suspend_server: true,
  unsuspend_server: true,
  reset_password: true,
  set_hostname: true,
  change_protection: true,
  enable_feature: true,
  disable_feature: true,
  add_device: true,
  remove_device: true,
  add_address: true,
  remove_address: true,
  set_rdns: true,
  enrol_host: true,
};

export const operationKinds = Object.keys(kinds) as Kind[];
