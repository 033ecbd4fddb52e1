export * from './eventually';
export * from './fill-fleet';
export * from './line-listener';
export * from './metering-clock';
export * from './patience';
export * from './test-database';
export * from './webhook-receiver';
export * from './world';
