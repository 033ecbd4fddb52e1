import { Button, Group, Stack, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { serverQuery } from '../../../api/queries';
import { useRootPassword } from '../../../api/root-password';
import type { Server } from '../../../api/types';
import { CopyValue } from '../../../components/copy-value';
import { Page } from '../../../components/page';
import { HostLink, TenantLink } from '../../../components/reference';
import { SecretOnce } from '../../../components/secret-once';
import { ServerState } from '../../../components/server-state';
import { EmptyState, ErrorState, LoadingState } from '../../../components/states';
import { isOperator, isStaff } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { ServerActions } from './server-actions';
import { ServerNews } from './server-news';
import { ServerTabs } from './server-tabs';

/** One server: what it is, what is done to it now, and everything that can be done with it. */
export function ServerPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { data: server, error, refetch } = useQuery(serverQuery(id));
  const { password, forget } = useRootPassword(id);
  if (error && !server) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!server) return <LoadingState />;
  return (
    <Page
      title={server.name}
      above={[{ label: 'Servers', to: '/servers' }]}
      aside={<ServerState server={server} />}
      description={<Where server={server} />}
      actions={<ServerActions server={server} />}
    >
      {server.status === 'deleted' ? (
        <EmptyState
          icon={IconTrash}
          title="It is deleted"
          action={
            <Button component={Link} to="/servers" variant="default">
              All servers
            </Button>
          }
        >
          Its files, snapshots and addresses are given up.
        </EmptyState>
      ) : (
        <Stack gap="md">
          <ServerNews server={server} />
          <ServerTabs key={server.id} server={server} />
        </Stack>
      )}
      <SecretOnce title={`Root password of ${server.name}`} secret={password} onClose={forget}>
        Sign in as <b>root</b>, over SSH or in the console. A new one can be made at any time by “Reset
        password”.
      </SecretOnce>
    </Page>
  );
}

/** Addresses, and where it is. */
function Where({ server }: { server: Server }) {
  const session = useSession();
  const shown = server.addresses.filter(({ primary }) => primary);
  return (
    <Group gap="md" style={{ rowGap: 2 }} c="var(--mantine-color-text)">
      {shown.map(({ address }) => (
        <CopyValue key={address} value={address} />
      ))}
      <Text size="sm" c="dimmed">
        {server.plan} in {server.location}
      </Text>
      {isOperator(session) && server.host_id && (
        <Text size="sm" c="dimmed" component="span">
          on <HostLink id={server.host_id} />
        </Text>
      )}
      {isStaff(session) && (
        <Text size="sm" c="dimmed" component="span">
          of <TenantLink id={server.tenant_id} />
        </Text>
      )}
    </Group>
  );
}
