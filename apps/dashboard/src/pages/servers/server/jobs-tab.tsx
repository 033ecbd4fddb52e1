import { IconActivity } from '@tabler/icons-react';
import { answerOf, api } from '../../../api/client';
import { PAGE_SIZE, pageOf } from '../../../api/list';
import type { Server } from '../../../api/types';
import { Card } from '../../../components/page';
import { ResourceTable } from '../../../components/resource-table';
import { EmptyState } from '../../../components/states';
import { operationColumns } from '../../operations/operations.page';

/** Everything that was done to it, newest first. */
export function JobsTab({ server }: { server: Server }) {
  return (
    <Card flush>
      <ResourceTable
        label={`Jobs of ${server.name}`}
        columns={operationColumns.filter(({ header }) => header !== 'Server')}
        rowKey={({ id }) => id}
        rows={{
          queryKey: ['operations', 'list', { server_id: server.id }],
          fetchPage: async (page, signal) =>
            pageOf(
              await answerOf(
                api.GET('/v1/operations', {
                  params: {
                    query: { server_id: server.id, page: String(page), per_page: String(PAGE_SIZE) },
                  },
                  signal,
                }),
              ),
              'operations',
            ),
        }}
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
