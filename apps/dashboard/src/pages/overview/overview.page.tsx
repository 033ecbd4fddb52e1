import { SimpleGrid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client';
import { Page } from '../../components/page';
import { ErrorState, LoadingState } from '../../components/states';
import { Alerts } from './alerts';
import { FleetFill } from './fleet-fill';
import { JobsCard } from './jobs-card';
import { ServersCard } from './servers-card';

/** Changes come by the live stream; what time alone changes (a host that stays silent), by this. */
const REFRESH_MS = 15_000;

/** The platform at a glance: what wants attention first. */
export function OverviewPage() {
  const { data, error, refetch } = useQuery({
    queryKey: ['overview'],
    queryFn: async ({ signal }) => (await answerOf(api.GET('/v1/overview', { signal }))).overview,
    refetchInterval: REFRESH_MS,
  });
  if (error && !data) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <LoadingState />;
  return (
    <Page title="Overview">
      <Alerts alerts={data.alerts} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <ServersCard servers={data.servers} />
        <JobsCard operations={data.operations} queue={data.queue} />
      </SimpleGrid>
      <FleetFill hosts={data.hosts} />
    </Page>
  );
}
