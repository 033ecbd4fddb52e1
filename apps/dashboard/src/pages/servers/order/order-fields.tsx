import { NumberInput, PasswordInput, Select, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core';
import type { FieldErrors } from '../../../components/form-modal';
import { LabelsInput } from '../../../components/labels-input';
import { Card } from '../../../components/page';
import { SshKeysInput } from '../../../components/ssh-keys-input';
import type { Catalogue, OrderFields } from './use-order';

interface FieldsProps {
  fields: OrderFields;
  set: (change: Partial<OrderFields>) => void;
  errorOf: FieldErrors;
}

export function SystemFields({ fields, set, errorOf, catalogue }: FieldsProps & { catalogue: Catalogue }) {
  const template = catalogue.templates.find(({ name }) => name === fields.template);
  return (
    <Card title="System">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label="Name"
          description="Lower case letters, digits and -; also its host name"
          value={fields.name}
          onChange={(event) => set({ name: event.currentTarget.value.toLowerCase() })}
          error={errorOf('name')}
          required
        />
        <Select
          label="Template"
          description={template?.description || 'The system that is installed'}
          data={catalogue.templates.map(({ name }) => name)}
          value={fields.template}
          onChange={(name) => set({ template: name })}
          allowDeselect={false}
          error={errorOf('template')}
          required
        />
        {catalogue.locations.length > 1 && (
          <Select
            label="Location"
            description="Where it will run"
            data={catalogue.locations.map(({ name }) => name)}
            value={fields.location}
            onChange={(name) => set({ location: name })}
            allowDeselect={false}
            error={errorOf('location')}
            required
          />
        )}
        <LabelsInput value={fields.labels} onChange={(labels) => set({ labels })} error={errorOf('labels')} />
      </SimpleGrid>
    </Card>
  );
}

export function AccessFields({ fields, set, errorOf }: FieldsProps) {
  return (
    <Card title="How you get in">
      <Stack gap="sm">
        <SshKeysInput value={fields.keys} onChange={(keys) => set({ keys })} error={errorOf('ssh_keys')} />
        <PasswordInput
          label="Root password"
          description={
            fields.keys.trim()
              ? 'Not needed: your keys are enough'
              : 'Leave it empty, and one is made up and shown to you once'
          }
          value={fields.password}
          onChange={(event) => set({ password: event.currentTarget.value })}
          autoComplete="new-password"
          error={errorOf('root_password')}
          maw={420}
        />
      </Stack>
    </Card>
  );
}

const MOST_ADDRESSES = 16;

export function AddressFields({ fields, set, errorOf }: FieldsProps) {
  return (
    <Card title="Network and start">
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <NumberInput
          label="IPv4 addresses"
          min={0}
          max={MOST_ADDRESSES}
          allowDecimal={false}
          value={fields.ipv4}
          onChange={(value) => set({ ipv4: Number(value) || 0 })}
          error={errorOf('ipv4')}
        />
        <NumberInput
          label="IPv6 networks (/64)"
          placeholder="1 where there is IPv6"
          min={0}
          max={MOST_ADDRESSES}
          allowDecimal={false}
          value={fields.ipv6 ?? ''}
          onChange={(value) => set({ ipv6: value === '' ? null : Number(value) })}
          error={errorOf('ipv6')}
        />
        <Switch
          label="Start it when it is made"
          checked={fields.start}
          onChange={(event) => set({ start: event.currentTarget.checked })}
          mt={{ base: 0, xs: 30 }}
        />
      </SimpleGrid>
    </Card>
  );
}
