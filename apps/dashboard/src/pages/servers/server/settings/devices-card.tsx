import { ActionIcon, Button, Group, Select, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { serverAction } from '../../../../api/server-actions';
import type { Server } from '../../../../api/types';
import { useAction } from '../../../../api/use-action';
import { useSubmit } from '../../../../components/form-modal';
import { Card } from '../../../../components/page';
import { ErrorAlert } from '../../../../components/states';
import { applies, isHeldUp } from '../abilities';

const accesses = [
  { value: 'rw', label: 'read and write' },
  { value: 'r', label: 'read' },
  { value: 'w', label: 'write' },
];

/** Nodes and network interfaces of the host that the server has for itself; operators alone give them. */
export function DevicesCard({ server }: { server: Server }) {
  const [device, setDevice] = useState('');
  const [access, setAccess] = useState('rw');
  const add = useAction(
    () => serverAction(server.id, 'add_device', { device: device.trim(), access: access as 'rw' }),
    { quiet: true, said: () => `${device} is given to ${server.name}`, onDone: () => setDevice('') },
  );
  const remove = useAction((name: string) => serverAction(server.id, 'remove_device', { device: name }), {
    said: (_answer, name) => `${name} is taken from ${server.name}`,
  });
  const { submit, busy, error, errorOf } = useSubmit(() => add.mutateAsync(undefined));
  const still = !applies(server, 'add_device') || isHeldUp(server, 'add_device');
  return (
    <Card title="Devices of its host">
      <Stack gap="sm">
        {(server.devices ?? []).length === 0 && (
          <Text size="sm" c="dimmed">
            None. A device node such as /dev/ttyS0, or a network interface such as eth1, can be given to it;
            while it has one, it can’t be moved to another host.
          </Text>
        )}
        {server.devices?.map((one) => (
          <Group key={one.device} justify="space-between" wrap="nowrap">
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {one.device} ({accesses.find(({ value }) => value === one.access)?.label})
            </Text>
            <Tooltip label={`Take ${one.device} away`}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Take ${one.device} away`}
                disabled={still}
                loading={remove.isPending && remove.variables === one.device}
                onClick={() => remove.mutate(one.device)}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </Group>
        ))}
        <form onSubmit={submit} noValidate>
          <Group align="flex-end" gap="xs">
            <TextInput
              label="Device"
              placeholder="/dev/ttyS0 or eth1"
              value={device}
              onChange={(event) => setDevice(event.currentTarget.value)}
              error={errorOf('device')}
              style={{ flex: 1, minWidth: 140 }}
            />
            <Select
              label="It may"
              data={accesses}
              value={access}
              onChange={(value) => setAccess(value ?? 'rw')}
              allowDeselect={false}
              w={150}
            />
            <Button type="submit" variant="default" loading={busy} disabled={still || !device.trim()}>
              Give
            </Button>
          </Group>
        </form>
        <ErrorAlert error={error} />
      </Stack>
    </Card>
  );
}
