/** Setup file of the project `vm`: the lab is that of the virtual machines, for helpers that both kinds of tests share too. */
process.env.BERTH_TEST_LAB_DIR = process.env.BERTH_TEST_VM_LAB_DIR;
// Of libs/testing: some things take this much longer on emulated processors.
process.env.BERTH_TEST_PATIENCE ??= '10';
