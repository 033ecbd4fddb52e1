import { sharedTestServices } from './jest-shared-services';

/** jest globalSetup of the project `vm` (*.vm-spec.ts): a lab of virtual machines. */
export default async function setUp(): Promise<void> {
  await (await sharedTestServices()).ensureVmLab();
}
