import { Button, Text } from '@mantine/core';
import { IconPlus, IconWebhook } from '@tabler/icons-react';
import { useState } from 'react';
import { listRows } from '../../api/rows';
import type { Webhook } from '../../api/types';
import { Card, Page } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { TenantLink } from '../../components/reference';
import { type Column, ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { StatusBadge } from '../../components/status-badge';
import { When } from '../../components/when';
import { isStaff, mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { WebhookForm } from './webhook-form';
import { WebhookSecret } from './webhook-secret';

/** Where events are sent to. */
export function WebhooksPage() {
  const session = useSession();
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const make = mayWrite(session) && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
      New webhook
    </Button>
  );
  const columns: (Column<Webhook> | false)[] = [
    { header: 'Address', cell: ({ id, url }) => <PageLink to={`/webhooks/${id}`} label={url} strong /> },
    { header: 'State', cell: (webhook) => <WebhookStatus webhook={webhook} /> },
    {
      header: 'Events',
      from: 'sm',
      cell: ({ events }) => (events.includes('*') ? 'all' : events.join(', ')),
    },
    { header: 'Description', from: 'lg', cell: ({ description }) => description },
    isStaff(session) && {
      header: 'Tenant',
      from: 'md',
      cell: ({ tenant_id }) =>
        tenant_id ? (
          <TenantLink id={tenant_id} />
        ) : (
          <Text size="sm" c="dimmed">
            all
          </Text>
        ),
    },
    { header: 'Made', from: 'md', cell: ({ created_at }) => <When at={created_at} /> },
  ];
  return (
    <Page
      title="Webhooks"
      description="Your own programs are told what happens: each event is sent to an address of yours, signed, and again until it is taken."
      actions={make}
    >
      <Card flush>
        <ResourceTable
          label="Webhooks"
          columns={columns.filter((column) => column !== false)}
          rowKey={({ id }) => id}
          rows={listRows<Webhook>('/v1/webhooks', { sort: 'created_at:desc' })}
          empty={
            <EmptyState icon={IconWebhook} title="No webhook yet">
              Make one, and a program of yours hears at once when a server is up, an order fails or a quota
              runs out, without having to ask.
            </EmptyState>
          }
        />
      </Card>
      {making && <WebhookForm onClose={() => setMaking(false)} onSecret={setSecret} />}
      <WebhookSecret secret={secret} onClose={() => setSecret(null)} />
    </Page>
  );
}

export function WebhookStatus({ webhook }: { webhook: Webhook }) {
  return <StatusBadge status={webhook.enabled ? 'enabled' : 'disabled'} />;
}
