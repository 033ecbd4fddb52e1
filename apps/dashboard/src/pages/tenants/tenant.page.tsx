import { Alert, Stack } from '@mantine/core';
import { IconActivity, IconAlertTriangle, IconBox } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { tenantQuery } from '../../api/queries';
import { listRows } from '../../api/rows';
import type { Operation, Server, Tenant } from '../../api/types';
import { CopyValue } from '../../components/copy-value';
import { Facts } from '../../components/facts';
import { Card, Page } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { QuotaBars } from '../../components/quota-bars';
import { ResourceTable } from '../../components/resource-table';
import { SectionTabs } from '../../components/section-tabs';
import { EmptyState, ErrorState, LoadingState } from '../../components/states';
import { StatusBadge } from '../../components/status-badge';
import { When } from '../../components/when';
import { moment } from '../../format/times';
import { isOperator } from '../../session/session';
import { useSession } from '../../session/session-context';
import { operationColumns } from '../operations/operation-columns';
import { serverColumns } from '../servers/server-columns';
import { TenantActions } from './tenant-actions';
import { TenantTokens } from './tenant-tokens';

/** One customer: what it may have and has, and all that is its own. */
export function TenantPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { data: tenant, error, refetch } = useQuery(tenantQuery(id));
  if (error && !tenant) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!tenant) return <LoadingState />;
  return (
    <Page
      title={tenant.name}
      above={[{ label: 'Tenants', to: '/tenants' }]}
      aside={<StatusBadge status={tenant.status} />}
      description={<CopyValue value={tenant.id} />}
      actions={<TenantActions tenant={tenant} />}
    >
      <Suspension tenant={tenant} />
      <SectionTabs
        label="Parts of the tenant"
        sections={[
          { name: 'overview', label: 'Quota', content: <TenantOverview tenant={tenant} /> },
          { name: 'servers', label: 'Servers', content: <TenantServers tenant={tenant} /> },
          { name: 'tokens', label: 'Tokens', content: <TenantTokens tenant={tenant} /> },
          { name: 'jobs', label: 'Jobs', content: <TenantJobs tenant={tenant} /> },
        ]}
      />
    </Page>
  );
}

function Suspension({ tenant: { status, reason, terminate_at } }: { tenant: Tenant }) {
  if (status === 'active') return null;
  return (
    <Alert
      color="orange.9"
      variant="outline"
      icon={<IconAlertTriangle aria-hidden />}
      title={status === 'terminated' ? 'Terminated' : 'Suspended'}
    >
      {reason ?? 'No reason was given.'}
      {terminate_at && ` Its servers are deleted for good at ${moment(terminate_at)}.`}
    </Alert>
  );
}

function TenantOverview({ tenant }: { tenant: Tenant }) {
  return (
    <Stack>
      <Card title="Quota and use">
        <QuotaBars tenantId={tenant.id} columns={2} />
      </Card>
      <Card title="About">
        <Facts
          columns={3}
          facts={[
            ['Your number', tenant.external_id && <CopyValue key="external" value={tenant.external_id} />],
            ['Customer since', <When key="since" at={tenant.created_at} />],
            [
              'Usage and invoice',
              <PageLink
                key="usage"
                to="/usage"
                search={{ tenant_id: tenant.id }}
                label="What it used, and owes"
              />,
            ],
          ]}
        />
      </Card>
    </Stack>
  );
}

function TenantServers({ tenant }: { tenant: Tenant }) {
  const host = isOperator(useSession());
  return (
    <Card flush>
      <ResourceTable
        label={`Servers of ${tenant.name}`}
        columns={serverColumns({ tenant: false, host })}
        rows={listRows<Server>('/v1/servers', { tenant_id: tenant.id, sort: 'name:asc' })}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon={IconBox} title="It has no server">
            What it orders will be here.
          </EmptyState>
        }
      />
    </Card>
  );
}

function TenantJobs({ tenant }: { tenant: Tenant }) {
  const host = isOperator(useSession());
  return (
    <Card flush>
      <ResourceTable
        label={`Jobs of ${tenant.name}`}
        columns={operationColumns(host ? ['server', 'host'] : ['server'])}
        rows={listRows<Operation>('/v1/operations', { tenant_id: tenant.id })}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon={IconActivity} title="Nothing was done for it yet">
            What is done to its servers will be here.
          </EmptyState>
        }
      />
    </Card>
  );
}
