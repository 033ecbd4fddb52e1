import { describeConformance } from '../conformance/conformance-suite';
import { openLxcHarness } from './lxc-harness';

describeConformance('lxc', () => openLxcHarness());
