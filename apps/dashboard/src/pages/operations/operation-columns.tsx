import { Text } from '@mantine/core';
import type { Operation } from '../../api/types';
import { PageLink } from '../../components/page-link';
import { HostLink, ServerLink, TenantLink } from '../../components/reference';
import type { Column } from '../../components/resource-table';
import { When } from '../../components/when';
import { words } from '../../format/words';
import { OperationDuration } from './operation-duration';
import { OperationStatus } from './operation-status';

/** Of whom a job is told where it is not plain from the page. */
type Subject = 'server' | 'host' | 'tenant';

export function operationColumns(subjects: Subject[]): Column<Operation>[] {
  const columns: (Column<Operation> | false)[] = [
    {
      header: 'Job',
      cell: ({ id, kind }) => <PageLink to={`/operations/${id}`} label={words(kind)} strong />,
    },
    { header: 'State', cell: (operation) => <OperationStatus operation={operation} /> },
    subjects.includes('server') && {
      header: 'Server',
      cell: ({ server_id }) => server_id && <ServerLink id={server_id} />,
    },
    {
      header: 'Took',
      cell: (operation) => <OperationDuration operation={operation} />,
      from: 'sm',
      end: true,
    },
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
    subjects.includes('host') && {
      header: 'Host',
      cell: ({ host_id }) => host_id && <HostLink id={host_id} />,
      from: 'lg',
    },
    subjects.includes('tenant') && {
      header: 'Tenant',
      cell: ({ tenant_id }) => tenant_id && <TenantLink id={tenant_id} />,
      from: 'lg',
    },
  ];
  return columns.filter((column) => column !== false);
}
