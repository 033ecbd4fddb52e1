import { Button, Text, TextInput } from '@mantine/core';
import { IconMapPin } from '@tabler/icons-react';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { listRows } from '../../api/rows';
import type { Location } from '../../api/types';
import { useAction } from '../../api/use-action';
import { DeleteDialog } from '../../components/delete-dialog';
import { FormModal } from '../../components/form-modal';
import { Card, Page } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { type Column, ResourceTable } from '../../components/resource-table';
import { RowMenu } from '../../components/row-menu';
import { EmptyState } from '../../components/states';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';

/** Where hosts stand. */
export function LocationsPage() {
  const writes = mayWrite(useSession());
  const [edited, setEdited] = useState<Location | 'new' | null>(null);
  const [doomed, setDoomed] = useState<Location | null>(null);
  const add = writes && <Button onClick={() => setEdited('new')}>New location</Button>;
  const columns: Column<Location>[] = [
    {
      header: 'Name',
      cell: ({ name }) => (
        <Text size="sm" fw={550}>
          {name}
        </Text>
      ),
    },
    {
      header: 'Hosts',
      cell: ({ name }) => <PageLink to="/hosts" search={{ location: name }} label="Its hosts" />,
    },
    {
      header: 'Address pools',
      cell: ({ name }) => <PageLink to="/ip-pools" search={{ location: name }} label="Its address pools" />,
      from: 'sm',
    },
    {
      header: 'Actions',
      end: true,
      cell: (location) =>
        writes && (
          <RowMenu
            name={location.name}
            actions={[
              { label: 'Rename', onClick: () => setEdited(location) },
              { label: 'Delete', onClick: () => setDoomed(location), dangerous: true },
            ]}
          />
        ),
    },
  ];
  return (
    <Page
      title="Locations"
      description="Where hosts stand. A server is ordered in a location, and stays there when it moves between hosts."
      actions={add}
    >
      <Card flush>
        <ResourceTable
          label="Locations"
          columns={columns}
          rows={listRows<Location>('/v1/locations')}
          rowKey={({ id }) => id}
          empty={
            <EmptyState icon={IconMapPin} title="No location yet" action={add}>
              Hosts and address pools belong to one. Make it first, then enrol hosts there.
            </EmptyState>
          }
        />
      </Card>
      {edited && <LocationForm location={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      <DeleteDialog
        thing={doomed}
        resource="locations"
        remove={(id) => answerOf(api.DELETE('/v1/locations/{id}', { params: { path: { id } } }))}
        onClose={() => setDoomed(null)}
      >
        Only a location without hosts and address pools can be deleted.
      </DeleteDialog>
    </Page>
  );
}

function LocationForm({ location, onClose }: { location: Location | null; onClose: () => void }) {
  const [name, setName] = useState(location?.name ?? '');
  const save = useAction(
    () =>
      location
        ? answerOf(api.PATCH('/v1/locations/{id}', { params: { path: { id: location.id } }, body: { name } }))
        : answerOf(api.POST('/v1/locations', { body: { name } })),
    { changes: ['locations', 'hosts', 'ip_pools'], quiet: true },
  );
  return (
    <FormModal
      opened
      title={location ? `Rename ${location.name}` : 'New location'}
      action={location ? 'Rename' : 'Create'}
      onClose={onClose}
      onSubmit={() => save.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <TextInput
          label="Name"
          description="Customers see it when they order: such as ams-1"
          value={name}
          error={errorOf('name')}
          required
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
    </FormModal>
  );
}
