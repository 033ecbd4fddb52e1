export * from './capabilities';
export * from './limits';
