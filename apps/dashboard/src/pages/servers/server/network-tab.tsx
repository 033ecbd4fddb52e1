import { ActionIcon, Button, Group, Table, Text, TextInput, Tooltip, VisuallyHidden } from '@mantine/core';
import { IconNetwork, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { serverAction } from '../../../api/server-actions';
import type { Server } from '../../../api/types';
import { useAction } from '../../../api/use-action';
import { ConfirmByName } from '../../../components/confirm-by-name';
import { CopyValue } from '../../../components/copy-value';
import { FormModal } from '../../../components/form-modal';
import { Card } from '../../../components/page';
import { EmptyState } from '../../../components/states';
import { mayWrite } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { applies, isHeldUp } from './abilities';

type Address = Server['addresses'][number];

/** Its addresses and their names. */
export function NetworkTab({ server }: { server: Server }) {
  const write = mayWrite(useSession());
  const [naming, setNaming] = useState<Address | null>(null);
  const [removing, setRemoving] = useState<Address | null>(null);
  return (
    <Card title="Addresses" actions={write && <AddButtons server={server} />} flush>
      {server.addresses.length === 0 ? (
        <EmptyState icon={IconNetwork} title="It has no address">
          Without one it is reached by the console alone.
        </EmptyState>
      ) : (
        <Table.ScrollContainer minWidth={320} type="native">
          <Table verticalSpacing="xs" horizontalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Address</Table.Th>
                <Table.Th>Reverse DNS</Table.Th>
                {write && (
                  <Table.Th w={100}>
                    <VisuallyHidden>Change</VisuallyHidden>
                  </Table.Th>
                )}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {server.addresses.map((one) => (
                <Table.Tr key={one.address}>
                  <Table.Td>
                    <CopyValue value={one.address}>
                      {one.address}
                      {one.family === 6 ? `/${one.prefix}` : ''}
                    </CopyValue>
                    <Text size="xs" c="dimmed">
                      IPv{one.family}
                      {one.primary ? ', the first one: it goes out by this' : ''}
                    </Text>
                  </Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>
                    {one.rdns ?? (
                      <Text size="sm" c="dimmed">
                        none
                      </Text>
                    )}
                  </Table.Td>
                  {write && (
                    <Table.Td>
                      <Group gap={4} wrap="nowrap" justify="flex-end">
                        <RowButton
                          label={`Set the name of ${one.address}`}
                          disabled={!applies(server, 'set_rdns') || isHeldUp(server, 'set_rdns')}
                          onClick={() => setNaming(one)}
                        >
                          <IconPencil size={16} aria-hidden />
                        </RowButton>
                        <RowButton
                          label={`Remove ${one.address}`}
                          disabled={!applies(server, 'remove_address') || isHeldUp(server, 'remove_address')}
                          onClick={() => setRemoving(one)}
                        >
                          <IconTrash size={16} aria-hidden />
                        </RowButton>
                      </Group>
                    </Table.Td>
                  )}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {naming && <RdnsDialog server={server} address={naming} onClose={() => setNaming(null)} />}
      {removing && <RemoveDialog server={server} address={removing} onClose={() => setRemoving(null)} />}
    </Card>
  );
}

interface RowButtonProps {
  label: string;
  disabled: boolean;
  onClick: () => void;
  children: React.ReactNode;
}

function RowButton({ label, disabled, onClick, children }: RowButtonProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={disabled} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function AddButtons({ server }: { server: Server }) {
  const add = useAction((family: 4 | 6) => serverAction(server.id, 'add_address', { family }), {
    said: (_answer, family) => `${server.name} gets an IPv${family} address`,
    changes: ['quota'],
  });
  if (!applies(server, 'add_address')) return null;
  return ([4, 6] as const).map((family) => (
    <Button
      key={family}
      size="xs"
      variant="default"
      leftSection={<IconPlus size={14} aria-hidden />}
      loading={add.isPending && add.variables === family}
      disabled={isHeldUp(server, 'add_address')}
      onClick={() => add.mutate(family)}
    >
      Add IPv{family}
    </Button>
  ));
}

interface AddressDialogProps {
  server: Server;
  address: Address;
  onClose: () => void;
}

function RdnsDialog({ server, address, onClose }: AddressDialogProps) {
  const [name, setName] = useState(address.rdns ?? '');
  const set = useAction(
    () =>
      serverAction(server.id, 'set_rdns', {
        address: address.address,
        // The document says an array: it can't tell of a text that is made lower case.
        name: (name.trim() || null) as unknown as string[],
      }),
    { quiet: true, said: () => `The name of ${address.address} is set` },
  );
  return (
    <FormModal
      opened
      onClose={onClose}
      title={`Name of ${address.address}`}
      action="Set"
      onSubmit={() => set.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <TextInput
          label="Reverse DNS name"
          description="What the address resolves to, such as mail.example.org. Empty: none"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf('name')}
          data-autofocus
        />
      )}
    </FormModal>
  );
}

function RemoveDialog({ server, address, onClose }: AddressDialogProps) {
  const remove = useAction(() => serverAction(server.id, 'remove_address', { address: address.address }), {
    quiet: true,
    said: () => `${address.address} is taken from ${server.name}`,
    changes: ['quota'],
  });
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Remove ${address.address}?`}
      name={address.address}
      action="Remove"
      onConfirm={() => remove.mutateAsync(undefined)}
    >
      {server.name} isn’t reached by it any more, and somebody else may get it: you may not get the same one
      again.
    </ConfirmByName>
  );
}
