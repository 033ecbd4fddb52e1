import { Badge, Grid, Group, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { metricsQuery } from '../../../api/server-usage';
import type { Server } from '../../../api/types';
import { CopyValue } from '../../../components/copy-value';
import { Facts } from '../../../components/facts';
import { Card } from '../../../components/page';
import { PageLink } from '../../../components/page-link';
import { HostLink, TenantLink } from '../../../components/reference';
import { ErrorAlert, LoadingState } from '../../../components/states';
import { When } from '../../../components/when';
import { limitsInShort } from '../../../format/limits';
import { isOperator, isStaff } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { charts, ServerChart } from './server-charts';
import { UseCard } from './use-card';

/** What it is, what it uses of what it may, and how the last hour went. */
export function OverviewTab({ server }: { server: Server }) {
  return (
    <Stack>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <UseCard server={server} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <About server={server} />
        </Grid.Col>
      </Grid>
      <LastHour server={server} />
    </Stack>
  );
}

function About({ server }: { server: Server }) {
  const session = useSession();
  const { host_id, labels } = server;
  const facts: [string, React.ReactNode][] = [
    ['Host name', <CopyValue key="hostname" value={server.hostname} />],
    ['Template', server.template],
    ['Plan', `${server.plan}: ${limitsInShort(server.limits)}`],
    ['Location', server.location],
    ['Ordered', <When key="created" at={server.created_at} />],
    ['After its host’s boot', server.onboot ? `starts (order ${server.boot_order})` : 'stays stopped'],
    ['Deletion', server.protection.delete ? 'protected' : 'not protected'],
    ['Id', <CopyValue key="id" value={server.id} />],
  ];
  if (server.external_id) facts.push(['External id', <CopyValue key="ext" value={server.external_id} />]);
  if (server.features.length > 0) facts.push(['Features', server.features.join(', ')]);
  if (isOperator(session) && host_id) facts.push(['Host', <HostLink key="host" id={host_id} />]);
  if (isStaff(session)) facts.push(['Tenant', <TenantLink key="tenant" id={server.tenant_id} />]);
  if (Object.keys(labels).length > 0) facts.push(['Labels', <Labels key="labels" labels={labels} />]);
  return (
    <Card title="About">
      <Facts facts={facts} />
    </Card>
  );
}

function Labels({ labels }: { labels: Record<string, string> }) {
  return (
    <Group gap={4}>
      {Object.entries(labels).map(([key, value]) => (
        <Badge
          key={key}
          variant="default"
          tt="none"
          fw={500}
          component={Link}
          to="/servers"
          search={{ label_selector: value ? `${key}=${value}` : key } as never}
          style={{ cursor: 'pointer' }}
        >
          {value ? `${key}=${value}` : key}
        </Badge>
      ))}
    </Group>
  );
}

function LastHour({ server }: { server: Server }) {
  const { data: metrics, error } = useQuery(metricsQuery(server.id, '1h'));
  return (
    <Card
      title="Last hour"
      actions={<PageLink to={`/servers/${server.id}`} search={{ tab: 'charts' }} label="All charts" />}
    >
      {metrics ? (
        <SimpleGrid cols={{ base: 1, md: 3 }} spacing="lg">
          {charts.slice(0, 3).map((chart) => (
            <ServerChart key={chart.title} chart={chart} server={server} metrics={metrics} height={130} />
          ))}
        </SimpleGrid>
      ) : error ? (
        <ErrorAlert error={error} />
      ) : (
        <LoadingState />
      )}
    </Card>
  );
}
