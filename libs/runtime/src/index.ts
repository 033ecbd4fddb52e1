export * from './container-runtime';
export * from './create-runtime';
export * from './host-connection';
export * from './host-endpoint';
export * from './local/local-connection';
export * from './lxc/lxc-runtime';
export * from './runtime-error';
export * from './runtime-pool';
export type * from './snapshot-and-migration';
export type * from './terminal';
export * from './simulated/simulated-file-store';
export * from './simulated/simulated-fleet';
export * from './simulated/simulated-runtime';
export type {
  AddressViolation,
  RuntimeMethod,
  SimulatedContainer,
  SimulatedUse,
} from './simulated/simulated-state';
export { MemoryStore } from './simulated/simulated-store';
export type { SimulatedStore } from './simulated/simulated-store';
export { fingerprintOf, readHostKeyFingerprint } from './ssh/host-key';
export * from './ssh/ssh-connection';
export type { SshOptions } from './ssh/ssh-options';
