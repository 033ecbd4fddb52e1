import { Anchor, Group, Progress, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Overview } from '../../api/types';
import { Card } from '../../components/page';
import { StatusBadge } from '../../components/status-badge';
import { count } from '../../format/amounts';
import { words } from '../../format/words';

const colours: Record<string, string> = {
  running: 'teal.7',
  creating: 'berth.6',
  stopped: 'gray.6',
  frozen: 'cyan.7',
  suspended: 'orange.7',
  error: 'red.7',
};

/** Servers by their state; each leads to the list of them. */
export function ServersCard({ servers }: { servers: Overview['servers'] }) {
  const states = Object.keys(colours)
    .map((status) => ({
      status,
      number: servers.by_status[status as keyof typeof servers.by_status] ?? 0,
    }))
    .filter(({ number }) => number > 0);
  return (
    <Card title="Servers">
      <Stack gap="sm">
        <Group gap="xs" align="baseline">
          <Text fz={32} fw={650} lh={1}>
            {count(servers.total)}
          </Text>
          <Text size="sm" c="dimmed">
            in all
          </Text>
        </Group>
        <Progress.Root size="lg" aria-hidden>
          {states.map(({ status, number }) => (
            <Progress.Section
              key={status}
              withAria={false}
              value={(number / servers.total) * 100}
              color={colours[status]!}
            />
          ))}
        </Progress.Root>
        <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
          {states.map(({ status, number }) => (
            <Group key={status} component="li" justify="space-between">
              <StatusBadge status={status} />
              <Anchor
                component={Link}
                to="/servers"
                search={{ status } as never}
                size="sm"
                aria-label={`${count(number)} servers: ${words(status)}`}
              >
                {count(number)}
              </Anchor>
            </Group>
          ))}
        </Stack>
        {servers.total === 0 && (
          <Text size="sm" c="dimmed">
            No server yet: what customers order is counted here.
          </Text>
        )}
      </Stack>
    </Card>
  );
}
