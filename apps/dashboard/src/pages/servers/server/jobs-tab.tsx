import { IconActivity } from '@tabler/icons-react';
import { listRows } from '../../../api/rows';
import type { Operation, Server } from '../../../api/types';
import { Card } from '../../../components/page';
import { ResourceTable } from '../../../components/resource-table';
import { EmptyState } from '../../../components/states';
import { isOperator } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { operationColumns } from '../../operations/operation-columns';

/** Everything that was done to it, newest first. */
export function JobsTab({ server }: { server: Server }) {
  const session = useSession();
  return (
    <Card flush>
      <ResourceTable
        label={`Jobs of ${server.name}`}
        columns={operationColumns(isOperator(session) ? ['host'] : [])}
        rowKey={({ id }) => id}
        rows={listRows<Operation>('/v1/operations', { server_id: server.id })}
        height="calc(100dvh - 22rem)"
        empty={
          <EmptyState icon={IconActivity} title="Nothing was done yet">
            Each order, restart, resize and so on is listed here with its steps.
          </EmptyState>
        }
      />
    </Card>
  );
}
