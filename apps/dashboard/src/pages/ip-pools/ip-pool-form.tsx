import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { IpPool } from '../../api/types';
import { useAction } from '../../api/use-action';
import { FormModal } from '../../components/form-modal';
import { LocationField } from '../../components/location-field';

/** Makes a pool. Of one that exists only the gateway can change. */
export function IpPoolForm({ pool, onClose }: { pool: IpPool | null; onClose: () => void }) {
  const [cidr, setCidr] = useState(pool?.cidr ?? '');
  const [location, setLocation] = useState(pool?.location ?? '');
  const [gateway, setGateway] = useState(pool?.gateway ?? '');
  const save = useAction(
    () => {
      const router = gateway.trim() || null;
      return pool
        ? answerOf(
            api.PATCH('/v1/ip_pools/{id}', {
              params: { path: { id: pool.id } },
              body: { gateway: router },
            }),
          )
        : answerOf(api.POST('/v1/ip_pools', { body: { cidr: cidr.trim(), location, gateway: router } }));
    },
    { changes: ['ip_pools', 'overview'], quiet: true },
  );
  return (
    <FormModal
      opened
      title={pool ? `Gateway of ${pool.cidr}` : 'New address pool'}
      action={pool ? 'Save' : 'Create'}
      onClose={onClose}
      ready={Boolean(cidr.trim() && location)}
      onSubmit={() => save.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          {!pool && (
            <>
              <TextInput
                label="Network"
                description="Such as 203.0.113.0/24 or 2001:db8::/48. It can’t change later."
                value={cidr}
                error={errorOf('cidr')}
                required
                data-autofocus
                onChange={(event) => setCidr(event.currentTarget.value)}
              />
              <LocationField
                value={location}
                onChange={setLocation}
                description="Its hosts must be where this network is routed to"
                error={errorOf('location')}
              />
            </>
          )}
          <TextInput
            label="Gateway"
            description="The router’s address in the network: no server gets it. Empty: none."
            value={gateway}
            error={errorOf('gateway')}
            onChange={(event) => setGateway(event.currentTarget.value)}
          />
        </>
      )}
    </FormModal>
  );
}
