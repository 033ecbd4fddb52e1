import { Box } from '@mantine/core';
import type { PoolAddress } from '../../api/types';
import { CopyValue } from '../../components/copy-value';
import { Facts } from '../../components/facts';
import { ServerLink, TenantLink } from '../../components/reference';
import { When } from '../../components/when';

const reservedFor = { network: 'the network itself', broadcast: 'broadcasts', gateway: 'the gateway' };

export function stateText({ state, reserved_for, released_at }: PoolAddress): string {
  if (state === 'assigned') return 'A server’s';
  if (state === 'reserved') return `Kept for ${reserved_for ? reservedFor[reserved_for] : 'the network'}`;
  return released_at ? 'Free again' : 'Free';
}

/** In one line, for those who can't see the map. */
export function addressText(address: PoolAddress): string {
  return `${address.address}: ${address.server ? `of ${address.server.name}` : stateText(address)}`;
}

export function AddressDetails({ address }: { address: PoolAddress }) {
  const { server, tenant_id, rdns, assigned_at, released_at } = address;
  return (
    <Box aria-live="polite">
      <Facts
        columns={3}
        facts={[
          ['Address', <CopyValue key="address" value={address.address} />],
          ['State', stateText(address)],
          ['Server', server && <ServerLink key="server" id={server.id} />],
          ['Tenant', tenant_id && <TenantLink key="tenant" id={tenant_id} />],
          ['Resolves to', rdns],
          [
            assigned_at ? 'Given' : 'Given back',
            (assigned_at ?? released_at) && <When key="when" at={assigned_at ?? released_at} />,
          ],
        ]}
      />
    </Box>
  );
}
