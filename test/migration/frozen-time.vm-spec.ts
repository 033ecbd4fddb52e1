// The same between two kernels of their own, on pure cgroup v2.
import './frozen-time.sys-spec';
