import { Text } from '@mantine/core';
import type { Server } from '../api/types';
import { CopyValue } from './copy-value';

/** The address that a server is reached by: IPv4 before IPv6. */
export function primaryAddress({ addresses }: Server): string | null {
  const primary = addresses.filter((one) => one.primary);
  return (primary.find(({ family }) => family === 4) ?? primary[0] ?? addresses[0])?.address ?? null;
}

export function PrimaryAddress({ server }: { server: Server }) {
  const address = primaryAddress(server);
  if (!address) return <Text size="sm">–</Text>;
  return (
    <CopyValue value={address}>
      <span style={{ whiteSpace: address.includes(':') ? undefined : 'nowrap' }}>{address}</span>
    </CopyValue>
  );
}
