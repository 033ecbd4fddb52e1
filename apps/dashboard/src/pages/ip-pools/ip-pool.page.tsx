import { Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { IpPool } from '../../api/types';
import { useAction } from '../../api/use-action';
import { ConfirmByName } from '../../components/confirm-by-name';
import { Facts } from '../../components/facts';
import { FillBar } from '../../components/fill-bar';
import { Card, Page } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { ErrorState, LoadingState } from '../../components/states';
import { When } from '../../components/when';
import { count } from '../../format/amounts';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { AddressMap } from './address-map';
import { IpPoolForm } from './ip-pool-form';
import { UsedNetworks } from './used-networks';

/** One network: how full it is, and who has which address. */
export function IpPoolPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { data, error, refetch } = useQuery({
    queryKey: ['ip_pools', 'one', id],
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/v1/ip_pools/{id}', { params: { path: { id } }, signal }))).ip_pool,
  });
  if (error && !data) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <LoadingState />;
  return (
    <Page
      title={data.cidr}
      above={[{ label: 'Address pools', to: '/ip-pools' }]}
      actions={<PoolActions pool={data} />}
    >
      <Card>
        <Stack>
          <FillBar
            label={data.family === 4 ? 'Addresses' : 'Networks of /64, one a server'}
            used={data.used}
            limit={data.size}
            format={count}
          />
          <Facts
            columns={3}
            facts={[
              [
                'Location',
                <PageLink
                  key="location"
                  to="/hosts"
                  search={{ location: data.location }}
                  label={data.location}
                />,
              ],
              ['Gateway', data.gateway],
              ['Made', <When key="made" at={data.created_at} />],
            ]}
          />
        </Stack>
      </Card>
      {data.family === 4 ? <AddressMap pool={data} /> : <UsedNetworks pool={data} />}
    </Page>
  );
}

function PoolActions({ pool }: { pool: IpPool }) {
  const writes = mayWrite(useSession());
  const navigate = useNavigate();
  const [opened, setOpened] = useState<'edit' | 'delete' | null>(null);
  const remove = useAction(
    () => answerOf(api.DELETE('/v1/ip_pools/{id}', { params: { path: { id: pool.id } } })),
    {
      changes: ['ip_pools', 'overview'],
      quiet: true,
      said: () => `${pool.cidr} is deleted`,
      onDone: () => void navigate({ to: '/ip-pools' }),
    },
  );
  if (!writes) return null;
  return (
    <>
      <Button variant="default" onClick={() => setOpened('edit')}>
        Change the gateway
      </Button>
      <Button variant="outline" color="var(--mantine-color-error)" onClick={() => setOpened('delete')}>
        Delete
      </Button>
      {opened === 'edit' && <IpPoolForm pool={pool} onClose={() => setOpened(null)} />}
      <ConfirmByName
        opened={opened === 'delete'}
        onClose={() => setOpened(null)}
        title={`Delete ${pool.cidr}`}
        name={pool.cidr}
        action="Delete"
        onConfirm={() => remove.mutateAsync(undefined)}
      >
        No server gets an address from it any more. A pool that servers have addresses of can’t be deleted.
      </ConfirmByName>
    </>
  );
}
