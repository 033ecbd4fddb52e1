import { Anchor, Group, Text } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { serverQuery } from '../../api/queries';
import type { Server } from '../../api/types';
import { Console } from '../../components/console/console';
import { ErrorState, LoadingState } from '../../components/states';

/** A server's console that fills the window. */
export function ConsolePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { data: server, error, refetch } = useQuery(serverQuery(id));
  if (error && !server) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!server) return <LoadingState />;
  return <Whole server={server} />;
}

function Whole({ server }: { server: Server }) {
  useDocumentTitle(`Console of ${server.name} · Berth`);
  return (
    <>
      <Group px="sm" pt={6} gap="xs">
        <Text component="h1" fw={650} size="sm" m={0}>
          {server.name}
        </Text>
        <Anchor component={Link} to={`/servers/${server.id}`} size="sm">
          Its page
        </Anchor>
      </Group>
      <Console server={server} whole />
    </>
  );
}
