import { Button, Group, NumberInput, Stack, Switch, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { answerOf, api } from '../../../../api/client';
import { type ActionBody, serverAction } from '../../../../api/server-actions';
import type { components } from '../../../../api/schema.gen';
import type { Server } from '../../../../api/types';
import { useAction } from '../../../../api/use-action';
import { type FieldErrors, useSubmit } from '../../../../components/form-modal';
import { LabelsInput, labelsOf, labelTexts } from '../../../../components/labels-input';
import { Card } from '../../../../components/page';
import { ErrorAlert } from '../../../../components/states';
import { isStaff } from '../../../../session/session';
import { useSession } from '../../../../session/session-context';
import { applies, isHeldUp } from '../abilities';

type Patch = components['schemas']['PatchServerDto'];

function useChange(server: Server) {
  return useAction(
    (body: Patch) => answerOf(api.PATCH('/v1/servers/{id}', { params: { path: { id: server.id } }, body })),
    {
      quiet: true,
      said: () => 'Saved',
      changes: ['servers'],
    },
  );
}

interface SettingsFormProps {
  title: string;
  changed: boolean;
  onSave: () => Promise<unknown>;
  children: (errorOf: FieldErrors) => ReactNode;
}

/** A card with a button that says when there is something to save. */
function SettingsForm({ title, changed, onSave, children }: SettingsFormProps) {
  const { submit, busy, error, errorOf } = useSubmit(onSave);
  return (
    <Card title={title}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          {children(errorOf)}
          <ErrorAlert error={error} />
          <Group>
            <Button type="submit" variant={changed ? 'filled' : 'default'} loading={busy} disabled={!changed}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

export function NameForm({ server }: { server: Server }) {
  const staff = isStaff(useSession());
  const [name, setName] = useState(server.name);
  const [labels, setLabels] = useState(labelTexts(server.labels));
  const [externalId, setExternalId] = useState(server.external_id ?? '');
  const change = useChange(server);
  const changed =
    name !== server.name ||
    labels.join() !== labelTexts(server.labels).join() ||
    externalId !== (server.external_id ?? '');
  const save = () =>
    change.mutateAsync({
      ...(name !== server.name && { name }),
      labels: labelsOf(labels),
      ...(externalId !== (server.external_id ?? '') && { external_id: externalId.trim() || null }),
    });
  return (
    <SettingsForm title="Name and labels" changed={changed} onSave={save}>
      {(errorOf) => (
        <>
          <TextInput
            label="Name"
            description="In lists and bills; the host name stays"
            value={name}
            onChange={(event) => setName(event.currentTarget.value.toLowerCase())}
            error={errorOf('name')}
          />
          <LabelsInput value={labels} onChange={setLabels} error={errorOf('labels')} />
          {staff && (
            <TextInput
              label="External id"
              description="The order’s number in your own system"
              value={externalId}
              onChange={(event) => setExternalId(event.currentTarget.value)}
              error={errorOf('external_id')}
            />
          )}
        </>
      )}
    </SettingsForm>
  );
}

export function HostnameForm({ server }: { server: Server }) {
  const [hostname, setHostname] = useState(server.hostname);
  const set = useAction((body: ActionBody<'set_hostname'>) => serverAction(server.id, 'set_hostname', body), {
    quiet: true,
    said: () => `The host name of ${server.name} is set`,
  });
  const able = applies(server, 'set_hostname') && !isHeldUp(server, 'set_hostname');
  return (
    <SettingsForm
      title="Host name"
      changed={able && hostname !== server.hostname}
      onSave={() => set.mutateAsync({ hostname })}
    >
      {(errorOf) => (
        <TextInput
          label="Host name"
          description="What the server calls itself, such as web.example.org"
          value={hostname}
          disabled={!able}
          onChange={(event) => setHostname(event.currentTarget.value.toLowerCase())}
          error={errorOf('hostname')}
        />
      )}
    </SettingsForm>
  );
}

export function BootForm({ server }: { server: Server }) {
  const [onboot, setOnboot] = useState(server.onboot);
  const [order, setOrder] = useState(server.boot_order);
  const change = useChange(server);
  return (
    <SettingsForm
      title="After its host’s boot"
      changed={onboot !== server.onboot || order !== server.boot_order}
      onSave={() => change.mutateAsync({ onboot, boot_order: order })}
    >
      {(errorOf) => (
        <>
          <Switch
            label="Start it again"
            description="If it ran before its host was restarted"
            checked={onboot}
            onChange={(event) => setOnboot(event.currentTarget.checked)}
          />
          <NumberInput
            label="Order"
            description="Lower ones start first: a database before what needs it"
            min={0}
            max={1_000_000}
            allowDecimal={false}
            value={order}
            onChange={(value) => setOrder(Number(value) || 0)}
            error={errorOf('boot_order')}
          />
        </>
      )}
    </SettingsForm>
  );
}
