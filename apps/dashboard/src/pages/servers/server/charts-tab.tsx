import { Group, SimpleGrid, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { metricsQuery } from '../../../api/server-usage';
import type { Server } from '../../../api/types';
import { Card } from '../../../components/page';
import { ErrorState, LoadingState } from '../../../components/states';
import { TimeRangePicker, useTimeRange } from '../../../components/time-range';
import { duration } from '../../../format/times';
import { charts, ServerChart } from './server-charts';

/** What it used, over an hour to a month. */
export function ChartsTab({ server }: { server: Server }) {
  const [range, setRange] = useTimeRange();
  const { data: metrics, error, refetch } = useQuery(metricsQuery(server.id, range));
  return (
    <Card>
      <Group justify="space-between" mb="md">
        <TimeRangePicker value={range} onChange={setRange} />
        {metrics && (
          <Text size="xs" c="dimmed">
            One point each {duration(metrics.step * 1000)}
          </Text>
        )}
      </Group>
      {metrics ? (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" verticalSpacing="xl">
          {charts.map((chart) => (
            <ServerChart key={chart.title} chart={chart} server={server} metrics={metrics} />
          ))}
        </SimpleGrid>
      ) : error ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <LoadingState />
      )}
    </Card>
  );
}
