import { CloseButton, Group, Text } from '@mantine/core';
import { ServerLink } from './reference';

/** That a list is of one server only: one comes to it from the server's page. */
export function ServerChip({ id, onClear }: { id: string | undefined; onClear: () => void }) {
  if (!id) return null;
  return (
    <Group gap={4} wrap="nowrap">
      <Text size="sm">
        Of the server <ServerLink id={id} />
      </Text>
      <CloseButton size="sm" aria-label="Of any server" onClick={onClear} />
    </Group>
  );
}
