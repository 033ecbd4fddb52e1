import { Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { listRows } from '../../api/rows';
import type { Webhook, WebhookDelivery } from '../../api/types';
import { useAction } from '../../api/use-action';
import { Facts } from '../../components/facts';
import { OneFilter } from '../../components/filters';
import { Card } from '../../components/page';
import { type Column, ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { StatusBadge } from '../../components/status-badge';
import { useFilters } from '../../components/use-filters';
import { When } from '../../components/when';
import { count } from '../../format/amounts';
import { duration, moment } from '../../format/times';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';

const STATES = [
  { value: 'pending', label: 'Pending' },
  { value: 'delivered', label: 'Delivered' },
  { value: 'failed', label: 'Failed' },
  { value: 'cancelled', label: 'Cancelled' },
];

/** What was sent in the last 30 days, and what the receiver said. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const [filters, setFilters] = useFilters();
  const [shown, setShown] = useState<WebhookDelivery | null>(null);
  const columns: Column<WebhookDelivery>[] = [
    {
      header: 'Event',
      cell: (delivery) => (
        <Button variant="transparent" size="compact-sm" px={0} onClick={() => setShown(delivery)}>
          {delivery.event.type}
        </Button>
      ),
    },
    { header: 'State', cell: ({ status }) => <StatusBadge status={status} /> },
    { header: 'Attempts', cell: ({ attempts }) => count(attempts), end: true, from: 'sm' },
    { header: 'Answer', cell: answerText, from: 'sm' },
    {
      header: 'Took',
      cell: ({ duration_ms }) => duration(duration_ms),
      end: true,
      from: 'md',
    },
    { header: 'Next attempt', cell: ({ next_attempt_at }) => <When at={next_attempt_at} />, from: 'lg' },
    { header: 'When', cell: ({ created_at }) => <When at={created_at} /> },
  ];
  return (
    <Card
      title="Deliveries"
      flush
      actions={
        <OneFilter
          label="Any state"
          choices={STATES}
          value={filters.status}
          onChange={(status) => setFilters({ status })}
        />
      }
    >
      <ResourceTable
        label="Deliveries"
        columns={columns}
        rowKey={({ id }) => id}
        rows={listRows<WebhookDelivery>(
          `/v1/webhooks/${webhook.id}/deliveries`,
          { status: filters.status },
          'webhook_deliveries',
        )}
        height="calc(100dvh - 26rem)"
        empty={
          <EmptyState icon={IconSend} title={filters.status ? 'No such delivery' : 'Nothing was sent yet'}>
            {filters.status
              ? 'None is in this state.'
              : '“Send a test” shows whether your program is reached.'}
          </EmptyState>
        }
      />
      {shown && <DeliveryDialog delivery={shown} onClose={() => setShown(null)} />}
    </Card>
  );
}

function answerText({ response_status, error }: WebhookDelivery): string {
  if (response_status !== null) return String(response_status);
  return error ?? '–';
}

function DeliveryDialog({ delivery, onClose }: { delivery: WebhookDelivery; onClose: () => void }) {
  const write = mayWrite(useSession());
  const again = useAction(
    () =>
      answerOf(
        api.POST('/v1/webhook_deliveries/{id}/actions/redeliver', {
          params: { path: { id: delivery.id } },
          body: {},
        }),
      ),
    { said: () => 'It is sent again', changes: ['webhook_deliveries'], onDone: onClose },
  );
  const { event } = delivery;
  return (
    <Modal opened onClose={onClose} title={event.type} size="lg">
      <Stack>
        <Facts
          facts={[
            ['State', <StatusBadge key="status" status={delivery.status} />],
            ['Attempts', count(delivery.attempts)],
            ['Happened', moment(event.at)],
            ['Last attempt', delivery.last_attempt_at ? moment(delivery.last_attempt_at) : '–'],
            ['Next attempt', delivery.next_attempt_at ? moment(delivery.next_attempt_at) : 'none'],
            ['Answer', delivery.response_status ?? 'none'],
            ['Event', event.id],
            ['About', event.subject],
          ]}
        />
        {delivery.error && (
          <Text size="sm" c="var(--mantine-color-error)">
            {delivery.error}
          </Text>
        )}
        {delivery.response_body && (
          <div>
            <Text size="xs" c="dimmed">
              The beginning of what was answered
            </Text>
            <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              {delivery.response_body}
            </Code>
          </div>
        )}
        {write && (
          <Group justify="flex-end">
            <Button loading={again.isPending} onClick={() => again.mutate(undefined)}>
              Send it again
            </Button>
          </Group>
        )}
      </Stack>
    </Modal>
  );
}
