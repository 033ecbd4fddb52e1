import { Button, Group, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { useAction } from '../../api/use-action';
import { AmountInput } from '../../components/amount-input';
import { useSubmit } from '../../components/form-modal';
import { LocationField } from '../../components/location-field';
import { Card, Page } from '../../components/page';
import { ErrorAlert } from '../../components/states';
import { amountOf } from '../../format/parse-amount';
import { CapacityFields, capacityOf, capacityTexts } from './capacity-fields';
import { DriverField } from './driver-field';

/** Adds a machine; its enrolment is then watched on its page. */
export function EnrolHostPage() {
  const navigate = useNavigate();
  const [driver, setDriver] = useState<'lxc' | 'simulated'>('lxc');
  const [texts, setTexts] = useState({ name: '', address: '', port: '22', user: 'root', key: '', print: '' });
  const [location, setLocation] = useState('');
  const [sizes, setSizes] = useState(() => capacityTexts(null));
  const capacity = capacityOf(sizes);
  const port = amountOf('count', texts.port);
  const enrol = useAction(
    () =>
      answerOf(
        api.POST('/v1/hosts', {
          body: {
            name: texts.name.trim(),
            driver,
            location,
            user: texts.user.trim(),
            port: port!,
            ...(texts.address && { address: texts.address.trim() }),
            ...(texts.key && { private_key: `${texts.key.trim()}\n` }),
            ...(texts.print && { host_key_fingerprint: texts.print.trim() }),
            capacity: capacity!.capacity,
            overcommit: capacity!.overcommit,
          },
        }),
      ),
    { changes: ['hosts'], quiet: true },
  );
  const { submit, busy, error, errorOf } = useSubmit(async () => {
    const { host } = await enrol.mutateAsync(undefined);
    await navigate({ to: `/hosts/${host.id}` });
  });
  const text = (name: keyof typeof texts, field: string) => ({
    value: texts[name],
    error: errorOf(field),
    autoComplete: 'off',
    onChange: (event: { currentTarget: { value: string } }) =>
      setTexts({ ...texts, [name]: event.currentTarget.value }),
  });
  return (
    <Page
      title="Enrol a host"
      above={[{ label: 'Hosts', to: '/hosts' }]}
      description="Berth connects by SSH, keeps the host’s key, checks the kernel, prepares it for containers, and opens it for orders."
    >
      <form onSubmit={submit} noValidate style={{ maxWidth: 760 }}>
        <Stack>
          <Card>
            <Stack gap="sm">
              <DriverField value={driver} onChange={setDriver} />
              <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
                <TextInput
                  label="Name"
                  description="a–z, 0–9 and -: such as node-1"
                  required
                  {...text('name', 'name')}
                />
                <LocationField
                  value={location}
                  onChange={setLocation}
                  description="Where it stands"
                  error={errorOf('location')}
                />
              </SimpleGrid>
              {driver === 'lxc' && (
                <>
                  <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
                    <TextInput label="Address" required {...text('address', 'address')} />
                    <AmountInput
                      label="SSH port"
                      kind="count"
                      placeholder="22"
                      text={texts.port}
                      error={errorOf('port')}
                      onChange={(typed) => setTexts({ ...texts, port: typed })}
                    />
                    <TextInput label="User" required {...text('user', 'user')} />
                  </SimpleGrid>
                  <Textarea
                    label="Private key"
                    description="OpenSSH or PEM, without passphrase. It is sealed at once, and nobody can read it here again."
                    placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
                    autosize
                    minRows={4}
                    maxRows={10}
                    required
                    spellCheck={false}
                    styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
                    {...text('key', 'private_key')}
                  />
                  <TextInput
                    label="Host key fingerprint"
                    description="As ssh-keygen -l prints it. Empty: the key that it shows at this first contact is kept."
                    placeholder="SHA256:…"
                    {...text('print', 'host_key_fingerprint')}
                  />
                </>
              )}
              <CapacityFields value={sizes} onChange={setSizes} errorOf={errorOf} />
            </Stack>
          </Card>
          <ErrorAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" component={Link} to="/hosts">
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={!capacity || port === null}>
              Enrol
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
