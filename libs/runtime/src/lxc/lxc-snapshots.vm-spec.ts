import { describeSnapshots } from '../conformance/snapshot-suite';
import { openLxcHarness } from './lxc-harness';

// The processor is emulated.
jest.setTimeout(600_000);

describeSnapshots('lxc on cgroup v2', () => openLxcHarness());
