export * from './container-runtime';
export * from './host-connection';
export * from './runtime-error';
