import { Button, Group } from '@mantine/core';
import { IconBuildingCommunity } from '@tabler/icons-react';
import { useState } from 'react';
import { listRows } from '../../api/rows';
import type { Tenant } from '../../api/types';
import { OneFilter, SearchInput } from '../../components/filters';
import { Card, Page } from '../../components/page';
import { ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { words } from '../../format/words';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { tenantColumns } from './tenant-columns';
import { TenantForm } from './tenant-form';

const STATUSES = ['active', 'suspended', 'terminated'] as const;

/** Whose servers they are. */
export function TenantsPage() {
  const writes = mayWrite(useSession());
  const [filters, setFilters] = useFilters();
  const [making, setMaking] = useState(false);
  const { search, status } = filters;
  const sort = filters.sort ?? 'created_at:desc';
  const add = writes && <Button onClick={() => setMaking(true)}>New tenant</Button>;
  return (
    <Page
      title="Tenants"
      description="Customers: each has its own servers, tokens and quota, and sees nothing of the others."
      actions={add}
    >
      <Card flush>
        <Group p="sm" gap="sm">
          <SearchInput
            label="Search tenants"
            placeholder="Name or your number"
            value={search}
            onChange={(chosen) => setFilters({ search: chosen })}
          />
          <OneFilter
            label="Any state"
            choices={STATUSES.map((value) => ({ value, label: words(value) }))}
            value={status}
            onChange={(chosen) => setFilters({ status: chosen })}
          />
        </Group>
        <ResourceTable
          label="Tenants"
          columns={tenantColumns}
          rows={listRows<Tenant>('/v1/tenants', { search, status, sort })}
          rowKey={({ id }) => id}
          sort={sort}
          onSort={(chosen) => setFilters({ sort: chosen })}
          empty={
            (search ?? status) ? (
              <EmptyState icon={IconBuildingCommunity} title="No such tenant">
                Parts of a name, or the beginning of your number, are enough.
              </EmptyState>
            ) : (
              <EmptyState icon={IconBuildingCommunity} title="No tenant yet" action={add}>
                Make one for a customer, and a token for it: then it can order servers.
              </EmptyState>
            )
          }
        />
      </Card>
      {making && <TenantForm tenant={null} onClose={() => setMaking(false)} />}
    </Page>
  );
}
