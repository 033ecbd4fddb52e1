import { Center, Loader, SimpleGrid, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client';
import type { Host } from '../../api/types';
import { Card } from '../../components/page';
import { ErrorAlert } from '../../components/states';
import { TimeChart } from '../../components/time-chart';
import { refreshMs, spanOf, TimeRangePicker, useTimeRange } from '../../components/time-range';
import { bytes, count } from '../../format/amounts';

const charts = [
  { title: 'CPUs', of: 'cpus', format: count },
  { title: 'Memory', of: 'ram_bytes', format: bytes },
  { title: 'Disk', of: 'disk_bytes', format: bytes },
] as const;

/** How full the host was: what was promised to servers, what they used of it, what the machine has. */
export function HostCharts({ host }: { host: Host }) {
  const [range, setRange] = useTimeRange();
  const { data, error } = useQuery({
    queryKey: ['hosts', 'metrics', host.id, range],
    queryFn: async ({ signal }) => {
      const params = { path: { id: host.id }, query: spanOf(range) };
      return (await answerOf(api.GET('/v1/hosts/{id}/metrics', { params, signal }))).metrics;
    },
    refetchInterval: refreshMs(range),
    placeholderData: keepPreviousData,
  });
  return (
    <Card title="Over time" actions={<TimeRangePicker value={range} onChange={setRange} />}>
      <ErrorAlert error={error} />
      {!data && !error && (
        <Center h={180}>
          <Loader aria-label="Loading the charts" />
        </Center>
      )}
      {data && (
        <SimpleGrid cols={{ base: 1, md: 3 }} spacing="lg">
          {charts.map(({ title, of, format }) => (
            <Stack key={of} gap={4}>
              <Text size="sm" fw={550}>
                {title}
              </Text>
              <TimeChart
                label={`${title} of ${host.name}`}
                format={format}
                series={[
                  { name: 'allocated', label: 'Promised', points: data.series[`allocated_${of}`] },
                  { name: 'used', label: 'Used', points: data.series[`used_${of}`] },
                  {
                    name: 'capacity',
                    label: 'The machine has',
                    points: data.series[`capacity_${of}`],
                    colour: 'gray',
                  },
                ]}
              />
            </Stack>
          ))}
        </SimpleGrid>
      )}
    </Card>
  );
}
