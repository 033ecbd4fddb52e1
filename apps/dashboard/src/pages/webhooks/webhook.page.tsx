import { Alert, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { answerOf, api } from '../../api/client';
import type { Webhook } from '../../api/types';
import { CopyValue } from '../../components/copy-value';
import { Facts } from '../../components/facts';
import { Card, Page } from '../../components/page';
import { TenantLink } from '../../components/reference';
import { ErrorState, LoadingState } from '../../components/states';
import { When } from '../../components/when';
import { moment } from '../../format/times';
import { isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';
import { Deliveries } from './deliveries';
import { WebhookActions } from './webhook-actions';
import { WebhookStatus } from './webhooks.page';

/** One webhook, and what was sent to it. */
export function WebhookPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const {
    data: webhook,
    error,
    refetch,
  } = useQuery({
    queryKey: ['webhooks', 'one', id],
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/v1/webhooks/{id}', { params: { path: { id } }, signal }))).webhook,
  });
  if (error && !webhook) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!webhook) return <LoadingState />;
  return (
    <Page
      title={hostOf(webhook.url)}
      above={[{ label: 'Webhooks', to: '/webhooks' }]}
      aside={<WebhookStatus webhook={webhook} />}
      description={<CopyValue value={webhook.url} />}
      actions={<WebhookActions webhook={webhook} />}
    >
      <Stack>
        {webhook.disabled_reason && (
          <Alert color="orange.9" variant="outline" title="It was disabled">
            {webhook.disabled_reason}. Nothing is sent to it until it is enabled again.
          </Alert>
        )}
        <About webhook={webhook} />
        <Deliveries webhook={webhook} />
      </Stack>
    </Page>
  );
}

function About({ webhook }: { webhook: Webhook }) {
  const staff = isStaff(useSession());
  const { events, description, tenant_id, previous_secret_until, created_at } = webhook;
  const facts: [string, React.ReactNode][] = [
    ['Events', events.includes('*') ? 'all' : events.join(', ')],
    ['Description', description || '–'],
    ['Made', <When key="made" at={created_at} />],
  ];
  if (previous_secret_until) facts.push(['The secret before signs until', moment(previous_secret_until)]);
  if (staff) facts.push(['Tenant', tenant_id ? <TenantLink key="tenant" id={tenant_id} /> : 'all tenants']);
  return (
    <Card title="About">
      <Facts facts={facts} columns={3} />
    </Card>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
