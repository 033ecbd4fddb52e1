import { Button, Text } from '@mantine/core';
import { IconPackage } from '@tabler/icons-react';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { listRows } from '../../api/rows';
import type { Plan } from '../../api/types';
import { DeleteDialog } from '../../components/delete-dialog';
import { Card, Page } from '../../components/page';
import { type Column, ResourceTable } from '../../components/resource-table';
import { RowMenu } from '../../components/row-menu';
import { EmptyState } from '../../components/states';
import { bytes, money } from '../../format/amounts';
import { limitText } from '../../format/limits';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { PlanForm } from './plan-form';

/** What customers order. */
export function PlansPage() {
  const writes = mayWrite(useSession());
  const [edited, setEdited] = useState<Plan | 'new' | null>(null);
  const [doomed, setDoomed] = useState<Plan | null>(null);
  const add = writes && <Button onClick={() => setEdited('new')}>New plan</Button>;
  return (
    <Page
      title="Plans"
      description="Limits and price under one name. Servers that exist keep the limits that they were ordered with."
      actions={add}
    >
      <Card flush>
        <ResourceTable
          label="Plans"
          columns={[
            ...columns,
            {
              header: 'Actions',
              end: true,
              cell: (plan) =>
                writes && (
                  <RowMenu
                    name={plan.name}
                    actions={[
                      { label: 'Edit', onClick: () => setEdited(plan) },
                      { label: 'Delete', onClick: () => setDoomed(plan), dangerous: true },
                    ]}
                  />
                ),
            },
          ]}
          rows={listRows<Plan>('/v1/plans', { sort: 'created_at:asc' })}
          rowKey={({ id }) => id}
          empty={
            <EmptyState icon={IconPackage} title="No plan yet" action={add}>
              Customers order by plan: how much CPU, memory and disk a server gets, and what it costs.
            </EmptyState>
          }
        />
      </Card>
      {edited && <PlanForm plan={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      <DeleteDialog
        thing={doomed}
        resource="plans"
        remove={(id) => answerOf(api.DELETE('/v1/plans/{id}', { params: { path: { id } } }))}
        onClose={() => setDoomed(null)}
      >
        It can’t be ordered any more, and nobody can change to it.
      </DeleteDialog>
    </Page>
  );
}

const cpu = ({ limits: { cpus, cpu_limit_percent } }: Plan) =>
  cpu_limit_percent === null && cpus === null
    ? 'no limit'
    : [cpus !== null && `${cpus} CPUs`, cpu_limit_percent !== null && `${cpu_limit_percent} %`]
        .filter(Boolean)
        .join(', ');

const columns: Column<Plan>[] = [
  {
    header: 'Name',
    cell: ({ name }) => (
      <Text size="sm" fw={550}>
        {name}
      </Text>
    ),
  },
  { header: 'Description', cell: ({ description }) => description || '–', from: 'lg' },
  { header: 'CPU', cell: cpu, end: true, from: 'sm' },
  { header: 'Memory', cell: ({ limits }) => limitText('ram_bytes', limits.ram_bytes), end: true },
  { header: 'Disk', cell: ({ limits }) => limitText('disk_bytes', limits.disk_bytes), end: true, from: 'sm' },
  {
    header: 'An hour',
    cell: ({ price }) => (price ? money(price.hourly_micros, price.currency) : 'not billed'),
    end: true,
  },
  {
    header: 'A month, at most',
    cell: ({ price }) =>
      price?.monthly_cap_micros != null ? money(price.monthly_cap_micros, price.currency) : '–',
    end: true,
    from: 'md',
  },
  {
    header: 'Traffic included',
    cell: ({ price }) => bytes(price?.included_traffic_bytes),
    end: true,
    from: 'lg',
  },
];
