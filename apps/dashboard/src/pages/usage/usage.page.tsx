import { Group } from '@mantine/core';
import { IconBuildingCommunity } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Card, Page } from '../../components/page';
import { QuotaBars } from '../../components/quota-bars';
import { SectionTabs } from '../../components/section-tabs';
import { EmptyState } from '../../components/states';
import { TenantSelect } from '../../components/tenant-select';
import { useFilters } from '../../components/use-filters';
import { isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';
import { Invoice } from './invoice';
import { UsageOverview } from './usage-overview';

/** What was used, what it costs, and how much more may be ordered. */
export function UsagePage() {
  const staff = isStaff(useSession());
  const [filters, setFilters] = useFilters();
  const tenantId = staff ? filters.tenant_id : undefined;
  // A customer's own, or one that staff chose.
  const ofOne = (what: string, content: ReactNode) =>
    staff && !tenantId ? (
      <EmptyState icon={IconBuildingCommunity} title="Whose?">
        Choose a tenant above to see its {what}.
      </EmptyState>
    ) : (
      content
    );
  return (
    <Page
      title="Usage and invoice"
      actions={
        staff && (
          <TenantSelect
            label="Tenant"
            hiddenLabel
            placeholder="All tenants"
            value={tenantId}
            onChange={(id) => setFilters({ tenant_id: id })}
          />
        )
      }
    >
      <SectionTabs
        label="Usage and invoice"
        sections={[
          { name: 'usage', label: 'Usage', content: <UsageOverview tenantId={tenantId} /> },
          { name: 'invoice', label: 'Invoice', content: ofOne('invoice', <Invoice tenantId={tenantId} />) },
          {
            name: 'quota',
            label: 'Quota',
            content: ofOne(
              'quota',
              <Card title="What may be ordered in all">
                <Group grow>
                  <QuotaBars tenantId={tenantId} />
                </Group>
              </Card>,
            ),
          },
        ]}
      />
    </Page>
  );
}
