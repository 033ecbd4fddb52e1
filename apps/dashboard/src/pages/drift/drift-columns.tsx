import { Text } from '@mantine/core';
import type { DriftFinding } from '../../api/types';
import { PageLink } from '../../components/page-link';
import { HostLink, ServerLink } from '../../components/reference';
import type { Column } from '../../components/resource-table';
import { When } from '../../components/when';
import { driftWords } from './drift-words';

export function driftColumns({
  host,
  resolved,
}: {
  host: boolean;
  resolved?: boolean;
}): Column<DriftFinding>[] {
  const columns: (Column<DriftFinding> | false)[] = [
    {
      header: 'What was found',
      cell: ({ kind, message }) => (
        <>
          <Text size="sm" fw={550} truncate>
            {driftWords(kind).title}
          </Text>
          <Text size="xs" c="dimmed" truncate title={message}>
            {message}
          </Text>
        </>
      ),
    },
    host && { header: 'Host', cell: ({ host_id }) => host_id && <HostLink id={host_id} />, from: 'sm' },
    { header: 'Server', cell: ({ server_id }) => server_id && <ServerLink id={server_id} />, from: 'sm' },
    {
      header: 'Job',
      cell: ({ operation_id }) =>
        operation_id && <PageLink to={`/operations/${operation_id}`} label="The job" />,
      from: 'md',
    },
    {
      header: 'What to do',
      from: 'lg',
      cell: ({ kind }) => (
        <Text size="sm" c="dimmed" style={{ whiteSpace: 'normal', minWidth: 220 }}>
          {driftWords(kind).advice}
        </Text>
      ),
    },
    { header: 'Found', cell: ({ found_at }) => <When at={found_at} />, from: 'sm' },
    { header: 'Last seen', cell: ({ last_seen_at }) => <When at={last_seen_at} />, from: 'lg' },
    resolved === true && { header: 'Resolved', cell: ({ resolved_at }) => <When at={resolved_at} /> },
  ];
  return columns.filter((column) => column !== false);
}
