export * from './capabilities';
export * from './errors';
export * from './exec';
export * from './limits';
export * from './names';
export * from './operation-kinds';
export * from './ssh-key';
export * from './states';
