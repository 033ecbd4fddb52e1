import { Box, Grid, Stack } from '@mantine/core';
import { IconBox } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { locationsQuery, plansQuery, templatesQuery } from '../../../api/catalogue';
import { useKeepRootPassword } from '../../../api/root-password';
import { useSubmit } from '../../../components/form-modal';
import { Card, Page } from '../../../components/page';
import { PlanCards } from '../../../components/plan-cards';
import { EmptyState, ErrorState, LoadingState } from '../../../components/states';
import { TenantSelect } from '../../../components/tenant-select';
import { useFilters } from '../../../components/use-filters';
import { isStaff, mayWrite } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { AccessFields, AddressFields, SystemFields } from './order-fields';
import { OrderSummary } from './order-summary';
import { type Catalogue, sendOrder, useOrder } from './use-order';

/** From a choice of plans to a server that comes up. */
export function OrderPage() {
  const plans = useQuery(plansQuery);
  const templates = useQuery(templatesQuery);
  const locations = useQuery(locationsQuery);
  const error = plans.error ?? templates.error ?? locations.error;
  const retry = () => void Promise.all([plans.refetch(), templates.refetch(), locations.refetch()]);
  return (
    <Page title="Order a server" above={[{ label: 'Servers', to: '/servers' }]}>
      {error ? (
        <ErrorState error={error} retry={retry} />
      ) : plans.data && templates.data && locations.data ? (
        <Orderable catalogue={{ plans: plans.data, templates: templates.data, locations: locations.data }} />
      ) : (
        <LoadingState />
      )}
    </Page>
  );
}

function Orderable({ catalogue }: { catalogue: Catalogue }) {
  const session = useSession();
  const missing = Object.entries(catalogue).find(
    ([, things]: [string, unknown[]]) => things.length === 0,
  )?.[0];
  if (!mayWrite(session)) {
    return (
      <EmptyState icon={IconBox} title="Your token may only read">
        Sign in with one that may write to order servers.
      </EmptyState>
    );
  }
  if (missing) {
    return (
      <EmptyState icon={IconBox} title={`There are no ${missing} yet`}>
        The provider has to make some before servers can be ordered.
      </EmptyState>
    );
  }
  return <OrderForm catalogue={catalogue} />;
}

function OrderForm({ catalogue }: { catalogue: Catalogue }) {
  const staff = isStaff(useSession());
  const [asked] = useFilters();
  const client = useQueryClient();
  const navigate = useNavigate();
  const keepPassword = useKeepRootPassword();
  const { fields, set, plan } = useOrder(catalogue, asked);
  const { submit, busy, error, errorOf } = useSubmit(async () => {
    const answer = await sendOrder(fields);
    const { server, operation } = answer;
    keepPassword(server.id, answer);
    client.setQueryData(['servers', 'one', server.id], server);
    client.setQueryData(['operations', 'one', operation.id], operation);
    for (const resource of ['quota', 'operations']) void client.invalidateQueries({ queryKey: [resource] });
    void client.invalidateQueries({ queryKey: ['servers', 'list'] });
    await navigate({ to: `/servers/${server.id}` });
  });
  return (
    <form onSubmit={submit} noValidate>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack>
            {staff && (
              <Card title="For whom">
                <TenantSelect
                  label="Tenant"
                  description="Whose the server will be, and whose quota it counts for"
                  placeholder="Type a name"
                  value={fields.tenantId}
                  onChange={(tenantId) => set({ tenantId })}
                  error={errorOf('tenant_id')}
                  required
                />
              </Card>
            )}
            <Card title="Plan">
              <PlanCards
                plans={catalogue.plans}
                value={fields.plan}
                onChange={(name) => set({ plan: name })}
              />
            </Card>
            <SystemFields fields={fields} set={set} catalogue={catalogue} errorOf={errorOf} />
            <AccessFields fields={fields} set={set} errorOf={errorOf} />
            <AddressFields fields={fields} set={set} errorOf={errorOf} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Box pos="sticky" top={68}>
            <OrderSummary fields={fields} plan={plan} busy={busy} error={error} />
          </Box>
        </Grid.Col>
      </Grid>
    </form>
  );
}
