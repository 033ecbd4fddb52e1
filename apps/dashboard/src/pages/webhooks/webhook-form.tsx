import { MultiSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Webhook } from '../../api/types';
import { useAction } from '../../api/use-action';
import { FormModal } from '../../components/form-modal';
import { TenantSelect } from '../../components/tenant-select';
import { isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';

/** Types of the API's events, and all of a kind. */
const EVENTS = [
  '*',
  'server.*',
  'server.created',
  'server.started',
  'server.stopped',
  'server.frozen',
  'server.unfrozen',
  'server.resized',
  'server.migrated',
  'server.suspended',
  'server.unsuspended',
  'server.failed',
  'server.deleted',
  'operation.*',
  'operation.created',
  'operation.started',
  'operation.succeeded',
  'operation.failed',
  'operation.cancelled',
  'tenant.*',
  'tenant.suspended',
  'tenant.unsuspended',
  'tenant.terminated',
  'quota.warning',
  'usage.window_closed',
];

interface WebhookFormProps {
  /** Changed where given, else made. */
  webhook?: Webhook;
  onClose: () => void;
  onSecret: (secret: string) => void;
}

export function WebhookForm({ webhook, onClose, onSecret }: WebhookFormProps) {
  const staff = isStaff(useSession());
  const [url, setUrl] = useState(webhook?.url ?? 'https://');
  const [events, setEvents] = useState(webhook?.events ?? ['*']);
  const [description, setDescription] = useState(webhook?.description ?? '');
  const [tenantId, setTenantId] = useState<string>();
  const save = useAction(
    (): Promise<{ webhook: Webhook; secret?: string }> => {
      const body = { url: url.trim(), events, description: description.trim() };
      if (webhook) {
        return answerOf(api.PATCH('/v1/webhooks/{id}', { params: { path: { id: webhook.id } }, body }));
      }
      return answerOf(
        api.POST('/v1/webhooks', { body: { ...body, ...(tenantId && { tenant_id: tenantId }) } }),
      );
    },
    {
      quiet: true,
      changes: ['webhooks'],
      said: () => (webhook ? 'Saved' : 'The webhook is made'),
      onDone: ({ secret }) => secret && onSecret(secret),
    },
  );
  return (
    <FormModal
      opened
      onClose={onClose}
      title={webhook ? 'Change the webhook' : 'New webhook'}
      action={webhook ? 'Save' : 'Make it'}
      ready={url.trim().length > 8 && events.length > 0}
      onSubmit={() => save.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <TextInput
            type="url"
            label="Address"
            description="Where the events are sent to by POST"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
            error={errorOf('url')}
            required
            data-autofocus
          />
          <MultiSelect
            label="Events"
            description="* is all of them"
            data={EVENTS}
            value={events}
            onChange={setEvents}
            searchable
            error={errorOf('events')}
            required
          />
          <TextInput
            label="Description"
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
            error={errorOf('description')}
            maxLength={500}
          />
          {staff && !webhook && (
            <TenantSelect
              label="Only of one tenant"
              description="All tenants’ events, and the provider’s own, where none is chosen"
              value={tenantId}
              onChange={setTenantId}
              error={errorOf('tenant_id')}
            />
          )}
        </>
      )}
    </FormModal>
  );
}
