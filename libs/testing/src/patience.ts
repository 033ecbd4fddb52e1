/**
 * How many times longer than elsewhere a test waits, and lets a thing take, before it gives up: emulated processors are slow.
 * Set by the set-up of the tests in virtual machines.
 */
export const patience = Number(process.env.BERTH_TEST_PATIENCE ?? 1);
