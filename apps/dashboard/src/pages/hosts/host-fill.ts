import type { Host } from '../../api/types';
import { bytes, count } from '../../format/amounts';

interface Fill {
  resource: 'cpus' | 'ram' | 'disk';
  label: string;
  used: number;
  /** What may be sold: the capacity times its overcommit. */
  limit: number;
  format: (value: number) => string;
}

/** What is promised to servers against what may be. */
export function hostFills({
  used,
  capacity,
  overcommit,
}: Pick<Host, 'used' | 'capacity' | 'overcommit'>): Fill[] {
  return [
    {
      resource: 'cpus',
      label: 'CPU',
      used: used.cpus,
      limit: capacity.cpus * overcommit.cpus,
      format: count,
    },
    {
      resource: 'ram',
      label: 'Memory',
      used: used.ram_bytes,
      limit: capacity.ram_bytes * overcommit.ram,
      format: bytes,
    },
    {
      resource: 'disk',
      label: 'Disk',
      used: used.disk_bytes,
      limit: capacity.disk_bytes * overcommit.disk,
      format: bytes,
    },
  ];
}
