import { resolve } from 'node:path';

import { sweepDeadRuns, TestServices } from './test-services';

const PROJECT_ROOT = resolve(__dirname, '../../..');
const KEY = Symbol.for('berth.test-services');

type Holder = { [KEY]?: TestServices };

/** The services of this jest process. jest loads each project's set-up separately: the global object joins them. */
export async function sharedTestServices(): Promise<TestServices> {
  const holder = globalThis as Holder;
  if (!holder[KEY]) {
    await sweepDeadRuns(PROJECT_ROOT);
    holder[KEY] = new TestServices(PROJECT_ROOT, (message) => process.stderr.write(`  ${message}\n`));
  }
  return holder[KEY];
}

/** Stops them if any project started some; idempotent. */
export async function stopSharedTestServices(): Promise<void> {
  const holder = globalThis as Holder;
  const services = holder[KEY];
  delete holder[KEY];
  await services?.stop();
}
