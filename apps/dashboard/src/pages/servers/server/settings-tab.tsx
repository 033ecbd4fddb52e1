import { SimpleGrid, Stack, Switch, Text } from '@mantine/core';
import { serverAction } from '../../../api/server-actions';
import type { Server } from '../../../api/types';
import { useAction } from '../../../api/use-action';
import { Card } from '../../../components/page';
import { isOperator } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { applies, isHeldUp } from './abilities';
import { DevicesCard } from './settings/devices-card';
import { BootForm, HostnameForm, NameForm } from './settings/settings-forms';

/** What it is called, how it behaves, and what it may use of the kernel. */
export function SettingsTab({ server }: { server: Server }) {
  const operator = isOperator(useSession());
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Stack>
        <NameForm key={server.name} server={server} />
        <HostnameForm key={server.hostname} server={server} />
      </Stack>
      <Stack>
        <BootForm key={`${server.onboot} ${server.boot_order}`} server={server} />
        <ProtectionCard server={server} />
      </Stack>
      <FeaturesCard server={server} />
      {operator && <DevicesCard server={server} />}
    </SimpleGrid>
  );
}

function ProtectionCard({ server }: { server: Server }) {
  const protect = useAction((on: boolean) => serverAction(server.id, 'change_protection', { delete: on }), {
    said: (_answer, on) => `${server.name} ${on ? 'is protected' : 'can be deleted now'}`,
  });
  return (
    <Card title="Protection">
      <Switch
        label="Protect it against deletion"
        description="Deleting is refused, whoever asks for it, until this is taken away"
        checked={protect.isPending ? protect.variables : server.protection.delete}
        disabled={!applies(server, 'change_protection')}
        onChange={(event) => protect.mutate(event.currentTarget.checked)}
      />
    </Card>
  );
}

const features = {
  tun: ['TUN/TAP', 'Network devices of its own, for VPNs such as OpenVPN and WireGuard’s userspace'],
  ppp: ['PPP', 'Point-to-point links, for PPTP and L2TP'],
  fuse: ['FUSE', 'File systems of its users, such as sshfs'],
  ipsec: ['IPsec', 'Encrypted links by the kernel'],
  nesting: ['Containers inside', 'Docker, Podman or LXC in the server'],
  quota: ['Disk quotas', 'Limits for its own users and groups; a reinstall may be needed for them'],
} as const;

type Feature = keyof typeof features;

function FeaturesCard({ server }: { server: Server }) {
  const change = useAction(
    ({ feature, on }: { feature: Feature; on: boolean }) =>
      serverAction(server.id, on ? 'enable_feature' : 'disable_feature', { feature }),
    {
      said: (_answer, { feature, on }) =>
        `${features[feature][0]} is switched ${on ? 'on' : 'off'} for ${server.name}`,
    },
  );
  const still = !applies(server, 'enable_feature') || isHeldUp(server, 'enable_feature') || change.isPending;
  return (
    <Card title="Features">
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          What it may use of the kernel beyond the ordinary. The server may be restarted for it.
        </Text>
        {(Object.keys(features) as Feature[]).map((feature) => (
          <Switch
            key={feature}
            label={features[feature][0]}
            description={features[feature][1]}
            checked={server.features.includes(feature)}
            disabled={still}
            onChange={(event) => change.mutate({ feature, on: event.currentTarget.checked })}
          />
        ))}
      </Stack>
    </Card>
  );
}
