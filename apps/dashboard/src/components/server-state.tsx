import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { operationQuery } from '../api/queries';
import type { Server } from '../api/types';
import { words } from '../format/words';
import { StatusBadge } from './status-badge';

/** A server's state, and what is being done to it. */
export function ServerState({ server }: { server: Server }) {
  const { status, checkpointed, operation } = server;
  return (
    <Group gap={6} wrap="nowrap" display="inline-flex">
      <StatusBadge status={status} label={checkpointed ? 'Frozen to disk' : undefined} />
      {operation && <UnderWay id={operation} />}
    </Group>
  );
}

function UnderWay({ id }: { id: string }) {
  const { data } = useQuery(operationQuery(id));
  if (!data || data.finished_at) return null;
  const text = data.status === 'pending' ? 'waits' : `${data.progress} %`;
  return (
    <Text size="xs" c="dimmed" component="span" title={words(data.kind)}>
      {words(data.kind.replace(/_server$/, ''))}, {text}
    </Text>
  );
}
