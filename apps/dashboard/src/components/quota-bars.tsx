import { SimpleGrid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { quotaQuery } from '../api/catalogue';
import { bytes, count } from '../format/amounts';
import { FillBar } from './fill-bar';
import { ErrorAlert, LoadingState } from './states';

/** In the order in which they run out. */
const resources = [
  ['servers', 'Servers', count],
  ['cpus', 'CPUs', count],
  ['ram_bytes', 'Memory', bytes],
  ['disk_bytes', 'Disk', bytes],
  ['ipv4', 'IPv4 addresses', count],
  ['snapshots', 'Snapshots', count],
  ['snapshot_bytes', 'Snapshots’ disk', bytes],
] as const;

type QuotaResource = (typeof resources)[number][0];

interface QuotaBarsProps {
  /** A customer's own where it is not said. */
  tenantId?: string;
  /** What an order would take beside what is used. */
  more?: Partial<Record<QuotaResource, number>>;
  columns?: number;
}

/** What a tenant may order, and how much of it is used. */
export function QuotaBars({ tenantId, more, columns = 2 }: QuotaBarsProps) {
  const { data: quota, error } = useQuery(quotaQuery(tenantId));
  if (error) return <ErrorAlert error={error} />;
  if (!quota) return <LoadingState label="Loading the quota" />;
  const shown = more ? resources.filter(([name]) => more[name] !== undefined) : resources;
  return (
    <SimpleGrid cols={{ base: 1, sm: columns }} spacing="lg" verticalSpacing="md">
      {shown.map(([name, label, format]) => {
        const extra = more?.[name] ?? 0;
        const limit = quota.limits[name];
        const after = quota.used[name] + extra;
        const over = limit !== null && extra > 0 && after > limit;
        return (
          <FillBar
            key={name}
            label={label}
            used={after}
            limit={limit}
            format={format}
            note={over ? `${format(after - limit)} more than the quota has left` : undefined}
          />
        );
      })}
    </SimpleGrid>
  );
}
