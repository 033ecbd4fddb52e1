import { sharedTestServices } from './jest-shared-services';

/** jest globalSetup of the project `system` (*.sys-spec.ts): Postgres, Redis and a lab of container hosts. */
export default async function setUp(): Promise<void> {
  const services = await sharedTestServices();
  await services.ensureDatabases();
  await services.ensureLab();
}
