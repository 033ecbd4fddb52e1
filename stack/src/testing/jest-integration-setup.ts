import { sharedTestServices } from './jest-shared-services';

/** jest globalSetup of the project `integration` (*.int-spec.ts): real Postgres and Redis. */
export default async function setUp(): Promise<void> {
  await (await sharedTestServices()).ensureDatabases();
}
