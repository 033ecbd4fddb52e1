import { SimpleGrid, Stack, Text } from '@mantine/core';
import type { Overview } from '../../api/types';
import { Card } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { TimeChart, type TimeSeries } from '../../components/time-chart';
import { count } from '../../format/amounts';
import { duration } from '../../format/times';

type Operations = Overview['operations'];

const ends = [
  ['succeeded', 'Succeeded', 'teal'],
  ['failed', 'Failed', 'red'],
  ['cancelled', 'Cancelled', 'gray'],
] as const;

/** What is done, and whether the workers keep up. */
export function JobsCard({ operations, queue }: Pick<Overview, 'operations' | 'queue'>) {
  const { per_minute, pending, running, oldest_pending_s: oldest } = operations;
  return (
    <Card title="Jobs in the last hour" actions={<PageLink to="/operations" label="All jobs" />}>
      <Stack gap="sm">
        <TimeChart
          label="Jobs that ended, by the minute"
          kind="bars"
          height={150}
          format={count}
          series={seriesOf(per_minute)}
        />
        <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm">
          <Figure
            label="Running"
            value={<PageLink to="/operations" search={{ status: 'running' }} label={count(running)} />}
          />
          <Figure
            label="Waiting"
            value={<PageLink to="/operations" search={{ status: 'pending' }} label={count(pending)} />}
          />
          <Figure label="Waits longest" value={oldest === null ? 'none waits' : duration(oldest * 1000)} />
          <Figure
            label="In the queue"
            value={queue ? count(queue.waiting + queue.active + queue.delayed) : 'Redis is silent'}
          />
        </SimpleGrid>
      </Stack>
    </Card>
  );
}

function Figure({ label, value }: { label: string; value: React.ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" fw={600} component="div">
        {value}
      </Text>
    </div>
  );
}

const seriesOf = (minutes: Operations['per_minute']): TimeSeries[] =>
  ends.map(([name, label, colour]) => ({
    name,
    label,
    colour,
    points: minutes.map((minute) => [Math.floor(Date.parse(minute.at) / 1000), minute[name]] as const),
  }));
