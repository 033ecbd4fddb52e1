import { stopSharedTestServices } from './jest-shared-services';

/** jest globalTeardown of the projects `integration` and `system`. */
export default stopSharedTestServices;
