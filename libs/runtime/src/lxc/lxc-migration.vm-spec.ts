// The same on pure cgroup v2, between two kernels that track which pages change.
import './lxc-migration.sys-spec';

jest.setTimeout(900_000);
