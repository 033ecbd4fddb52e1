import { IconActivity } from '@tabler/icons-react';
import { listRows } from '../../api/rows';
import type { Operation } from '../../api/types';
import { Card, Page } from '../../components/page';
import { ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { isOperator, isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';
import { operationColumns } from './operation-columns';
import { FILTERS, OperationFilters } from './operation-filters';

/** What the platform does and did, newest first, as it happens. */
export function OperationsPage() {
  const session = useSession();
  const [filters, setFilters] = useFilters();
  const query = Object.fromEntries(FILTERS.map((name) => [name, filters[name]]));
  const filtered = FILTERS.some((name) => filters[name]);
  const subjects = [
    'server' as const,
    ...(isOperator(session) ? ['host' as const] : []),
    ...(isStaff(session) ? ['tenant' as const] : []),
  ];
  return (
    <Page
      title="Jobs"
      description="Everything that is done to a server or a host is a job of recorded steps: it succeeds, or is taken back and says why."
    >
      <Card flush>
        <OperationFilters filters={filters} onChange={setFilters} />
        <ResourceTable
          label="Jobs"
          columns={operationColumns(subjects)}
          rowKey={({ id }) => id}
          rows={listRows<Operation>('/v1/operations', query)}
          empty={
            <EmptyState icon={IconActivity} title={filtered ? 'No such job' : 'Nothing was done yet'}>
              {filtered
                ? 'None is what you look for: take a filter away.'
                : 'Order a server, and watch here how it comes up.'}
            </EmptyState>
          }
        />
      </Card>
    </Page>
  );
}
