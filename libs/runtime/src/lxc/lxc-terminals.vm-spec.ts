import { describeTerminals } from '../conformance/terminal-suite';
import { openLxcHarness } from './lxc-harness';

// The processor is emulated.
jest.setTimeout(600_000);

describeTerminals('lxc on cgroup v2', () => openLxcHarness());
