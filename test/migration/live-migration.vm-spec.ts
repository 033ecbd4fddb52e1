// The same between two kernels of their own, on pure cgroup v2.
import './live-migration.sys-spec';
