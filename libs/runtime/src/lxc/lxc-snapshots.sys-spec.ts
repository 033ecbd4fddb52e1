import { describeSnapshots } from '../conformance/snapshot-suite';
import { openLxcHarness } from './lxc-harness';

describeSnapshots('lxc', () => openLxcHarness());
