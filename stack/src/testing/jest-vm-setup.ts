import { sharedTestServices } from './jest-shared-services';

/** jest globalSetup of the project `vm` (*.vm-spec.ts): Postgres, Redis and a lab of virtual machines. */
export default async function setUp(): Promise<void> {
  const services = await sharedTestServices();
  await services.ensureDatabases();
  await services.ensureVmLab();
}
