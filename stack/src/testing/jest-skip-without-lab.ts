/**
 * Setup file of the project `system`: where no lab is possible, its tests are reported as skipped, not failed.
 * `npm test` prints the reason.
 */
if (process.env.BERTH_TEST_NO_LAB) {
  globalThis.describe = globalThis.describe.skip as jest.Describe;
  globalThis.it = globalThis.it.skip as jest.It;
  globalThis.test = globalThis.it;
}
