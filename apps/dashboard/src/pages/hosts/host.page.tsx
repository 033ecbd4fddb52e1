import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { hostQuery } from '../../api/queries';
import type { Host } from '../../api/types';
import { CopyValue } from '../../components/copy-value';
import { Page } from '../../components/page';
import { SectionTabs } from '../../components/section-tabs';
import { ErrorState, LoadingState } from '../../components/states';
import { When } from '../../components/when';
import { count } from '../../format/amounts';
import { HostActions } from './host-actions';
import { HostEnrolment } from './host-enrolment';
import { HostDrift, HostJobs, HostServers } from './host-lists';
import { HostOverview } from './host-overview';
import { HostStatus } from './host-status';

/** One machine: how full it is, what it can do, what runs on it. */
export function HostPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { data: host, error, refetch } = useQuery(hostQuery(id));
  if (error && !host) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!host) return <LoadingState />;
  return (
    <Page
      title={host.name}
      above={[{ label: 'Hosts', to: '/hosts' }]}
      aside={<HostStatus host={host} />}
      description={<CopyValue value={host.id} />}
      actions={<HostActions host={host} />}
    >
      <Troubles host={host} />
      {(host.status === 'enrolling' || host.status === 'error') && <HostEnrolment host={host} />}
      <SectionTabs
        label="Parts of the host"
        sections={[
          { name: 'overview', label: 'Overview', content: <HostOverview host={host} /> },
          {
            name: 'servers',
            label: `Servers (${count(host.used.servers)})`,
            content: <HostServers host={host} />,
          },
          { name: 'jobs', label: 'Jobs', content: <HostJobs host={host} /> },
          { name: 'drift', label: 'Drift', content: <HostDrift host={host} /> },
        ]}
      />
    </Page>
  );
}

function Troubles({ host: { reachable, status, last_seen_at, last_error } }: { host: Host }) {
  if (status === 'cordoned' && reachable) {
    return (
      <Alert color="orange.9" variant="outline" icon={<IconAlertTriangle aria-hidden />} title="Cordoned">
        It gets no new servers; those that it has go on as before.
      </Alert>
    );
  }
  if (reachable || (status !== 'active' && status !== 'cordoned')) return null;
  return (
    <Alert
      color="red.8"
      variant="outline"
      icon={<IconAlertTriangle aria-hidden />}
      title="It can’t be reached"
    >
      {last_error ?? 'It does not answer.'} Last seen: <When at={last_seen_at} />. It gets no new servers
      until it answers; jobs on it are tried again by themselves.
    </Alert>
  );
}
