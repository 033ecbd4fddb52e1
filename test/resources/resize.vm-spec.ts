/** The same tests as in the lab of namespaces, on a kernel of its own with cgroup v2. */
import './resize.sys-spec';

// The processor is emulated.
jest.setTimeout(600_000);
