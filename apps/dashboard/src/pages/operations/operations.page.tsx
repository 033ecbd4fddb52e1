import { Anchor, Group, Text } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { answerOf, api } from '../../api/client';
import { PAGE_SIZE, pageOf } from '../../api/list';
import type { Operation } from '../../api/types';
import { ChoiceFilter } from '../../components/filters';
import { Card, Page } from '../../components/page';
import { HostLink, ServerLink, TenantLink } from '../../components/reference';
import { type Column, ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { StatusBadge } from '../../components/status-badge';
import { useFilters } from '../../components/use-filters';
import { When } from '../../components/when';
import { words } from '../../format/words';
import { isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';
import { OperationDuration } from './operation-duration';

const STATUSES = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const;

/** What the platform does and did, newest first, as it happens. */
export function OperationsPage() {
  const session = useSession();
  const [filters, setFilters] = useFilters();
  const query = {
    status: filters.status,
    server_id: filters.server_id,
    host_id: filters.host_id,
    tenant_id: filters.tenant_id,
  };
  return (
    <Page
      title="Jobs"
      description="Everything that is done to a server or a host is a job of recorded steps: it succeeds, or is taken back and says why."
    >
      <Card flush>
        <Group p="sm" gap="sm">
          <ChoiceFilter
            label="Any state"
            choices={STATUSES}
            value={filters.status}
            onChange={(status) => setFilters({ status })}
          />
        </Group>
        <ResourceTable
          label="Jobs"
          columns={isStaff(session) ? [...columns, ...staffColumns] : columns}
          rowKey={({ id }) => id}
          rows={{
            queryKey: ['operations', 'list', query],
            fetchPage: async (page, signal) =>
              pageOf(
                await answerOf(
                  api.GET('/v1/operations', {
                    params: { query: { ...query, page: String(page), per_page: String(PAGE_SIZE) } as never },
                    signal,
                  }),
                ),
                'operations',
              ),
          }}
          empty={
            <EmptyState icon={IconActivity} title={filters.status ? 'No such job' : 'Nothing was done yet'}>
              {filters.status ? 'None is in this state.' : 'Order a server, and watch here how it comes up.'}
            </EmptyState>
          }
        />
      </Card>
    </Page>
  );
}

const columns: Column<Operation>[] = [
  {
    header: 'Job',
    cell: ({ id, kind }) => (
      <Anchor component={Link} to={`/operations/${id}`} size="sm" fw={550}>
        {words(kind)}
      </Anchor>
    ),
  },
  { header: 'State', cell: (operation) => <OperationStatus operation={operation} /> },
  { header: 'Server', cell: ({ server_id }) => server_id && <ServerLink id={server_id} /> },
  { header: 'Took', cell: (operation) => <OperationDuration operation={operation} />, from: 'sm', end: true },
  { header: 'Asked for', cell: ({ created_at }) => <When at={created_at} />, from: 'sm' },
  {
    header: 'What went wrong',
    from: 'md',
    cell: ({ error }) =>
      error && (
        <Text size="sm" c="var(--mantine-color-error)" truncate title={error.message}>
          {error.message}
        </Text>
      ),
  },
];

const staffColumns: Column<Operation>[] = [
  { header: 'Host', cell: ({ host_id }) => host_id && <HostLink id={host_id} />, from: 'lg' },
  { header: 'Tenant', cell: ({ tenant_id }) => tenant_id && <TenantLink id={tenant_id} />, from: 'lg' },
];

export function OperationStatus({ operation }: { operation: Operation }) {
  const { status, progress } = operation;
  const running = status === 'running';
  return (
    <StatusBadge status={status} running={running} label={running ? `Running, ${progress} %` : undefined} />
  );
}
