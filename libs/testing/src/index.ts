export * from './eventually';
export * from './line-listener';
export * from './test-database';
export * from './world';
