import { Button, Menu, Text } from '@mantine/core';
import {
  IconChevronDown,
  IconKey,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconTrash,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Webhook } from '../../api/types';
import { useAction } from '../../api/use-action';
import { ConfirmByName } from '../../components/confirm-by-name';
import { FormModal } from '../../components/form-modal';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { WebhookForm } from './webhook-form';
import { WebhookSecret } from './webhook-secret';

export function WebhookActions({ webhook }: { webhook: Webhook }) {
  const session = useSession();
  const [asked, setAsked] = useState<'edit' | 'rotate' | 'delete' | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const params = { path: { id: webhook.id } };
  const test = useAction(() => answerOf(api.POST('/v1/webhooks/{id}/actions/test', { params, body: {} })), {
    said: () => 'A test event is sent: see below what becomes of it',
    changes: ['webhook_deliveries', 'webhooks'],
  });
  const enable = useAction(
    (enabled: boolean) => answerOf(api.PATCH('/v1/webhooks/{id}', { params, body: { enabled } })),
    {
      said: (_answer, enabled) => (enabled ? 'It is enabled' : 'It is disabled: nothing is sent'),
      changes: ['webhooks', 'webhook_deliveries'],
    },
  );
  if (!mayWrite(session)) return null;
  const close = () => setAsked(null);
  return (
    <>
      <Button
        variant="default"
        loading={test.isPending}
        disabled={!webhook.enabled}
        onClick={() => test.mutate(undefined)}
      >
        Send a test
      </Button>
      <Menu position="bottom-end" width={210}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
            Actions
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setAsked('edit')}>
            Change…
          </Menu.Item>
          <Menu.Item
            leftSection={
              webhook.enabled ? (
                <IconPlayerPause size={16} aria-hidden />
              ) : (
                <IconPlayerPlay size={16} aria-hidden />
              )
            }
            onClick={() => enable.mutate(!webhook.enabled)}
          >
            {webhook.enabled ? 'Disable' : 'Enable'}
          </Menu.Item>
          <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={() => setAsked('rotate')}>
            New secret…
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconTrash size={16} aria-hidden />}
            c="var(--mantine-color-error)"
            onClick={() => setAsked('delete')}
          >
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked === 'edit' && <WebhookForm webhook={webhook} onClose={close} onSecret={setSecret} />}
      {asked === 'rotate' && <RotateDialog webhook={webhook} onClose={close} onSecret={setSecret} />}
      {asked === 'delete' && <DeleteDialog webhook={webhook} onClose={close} />}
      <WebhookSecret secret={secret} onClose={() => setSecret(null)} />
    </>
  );
}

interface DialogProps {
  webhook: Webhook;
  onClose: () => void;
}

function RotateDialog({ webhook, onClose, onSecret }: DialogProps & { onSecret: (secret: string) => void }) {
  const rotate = useAction(
    () =>
      answerOf(
        api.POST('/v1/webhooks/{id}/actions/rotate_secret', {
          params: { path: { id: webhook.id } },
          body: {},
        }),
      ),
    { quiet: true, changes: ['webhooks'], onDone: ({ secret }) => secret && onSecret(secret) },
  );
  return (
    <FormModal
      opened
      onClose={onClose}
      title="Make a new secret?"
      action="Make it"
      onSubmit={() => rotate.mutateAsync(undefined)}
    >
      {() => (
        <Text size="sm">
          Both secrets sign for 24 hours, so that your program can change over without missing an event; then
          the new one alone.
        </Text>
      )}
    </FormModal>
  );
}

function DeleteDialog({ webhook, onClose }: DialogProps) {
  const navigate = useNavigate();
  const remove = useAction(
    () => answerOf(api.DELETE('/v1/webhooks/{id}', { params: { path: { id: webhook.id } } })),
    {
      quiet: true,
      said: () => 'The webhook is deleted',
      onDone: () => void navigate({ to: '/webhooks' }),
    },
  );
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title="Delete the webhook?"
      name={webhook.url}
      action="Delete"
      onConfirm={() => remove.mutateAsync(undefined)}
    >
      Nothing is sent to it any more, and its log of deliveries is gone.
    </ConfirmByName>
  );
}
