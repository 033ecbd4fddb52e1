import { describeConformance } from '../conformance/conformance-suite';
import { openLxcHarness } from './lxc-harness';

// The processor is emulated.
jest.setTimeout(600_000);

describeConformance('lxc on cgroup v2', () => openLxcHarness());
