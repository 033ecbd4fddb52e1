import { Group, Pagination, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useRef, useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { IpPool, PoolAddress } from '../../api/types';
import { Card } from '../../components/page';
import { ErrorState, LoadingState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { count } from '../../format/amounts';
import { AddressDetails, addressText } from './address-details';
import classes from './address-map.module.css';

/** A /24. */
const PAGE = 256;

const legend = [
  ['assigned', 'A server’s'],
  ['free', 'Free'],
  ['reserved', 'No server’s: of the network itself'],
] as const;

/** Every address of an IPv4 network as a cell; larger networks by /24. */
export function AddressMap({ pool }: { pool: IpPool }) {
  const [filters, setFilters] = useFilters();
  const pages = Math.ceil(pool.size / PAGE);
  const page = Math.min(pages, Math.max(1, Number(filters.page) || 1));
  const { data, error, refetch } = useQuery({
    queryKey: ['ip_pools', 'addresses', pool.id, page],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/v1/ip_pools/{id}/addresses', {
          params: { path: { id: pool.id }, query: { page: String(page), per_page: String(PAGE) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
  if (error && !data) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <LoadingState label="Loading the addresses" />;
  const { addresses } = data;
  const first = addresses[0]?.address;
  const last = addresses.at(-1)?.address;
  return (
    <Card
      title={pages > 1 ? `${first} to ${last}` : 'Addresses'}
      actions={
        pages > 1 && (
          <Pagination
            total={pages}
            value={page}
            onChange={(chosen) => setFilters({ page: chosen === 1 ? undefined : String(chosen) })}
            size="sm"
            siblings={0}
            getControlProps={(control) => ({ 'aria-label': `${control} page` })}
            getItemProps={(number) => ({ 'aria-label': `Part ${number} of ${pages}` })}
          />
        )
      }
    >
      <Stack gap="sm">
        <Group gap="md">
          {legend.map(([state, label]) => (
            <Text key={state} size="xs" c="dimmed" component="span">
              <span className={classes.swatch} data-state={state} aria-hidden /> {label}:{' '}
              {count(addresses.filter((one) => one.state === state).length)}
            </Text>
          ))}
        </Group>
        <Cells key={page} addresses={addresses} />
      </Stack>
    </Card>
  );
}

/** One stop for the keyboard; the arrows go from address to address. */
function Cells({ addresses }: { addresses: PoolAddress[] }) {
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      addresses.findIndex(({ state }) => state === 'assigned'),
    ),
  );
  const [hovered, setHovered] = useState<number | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent) => {
    // As many as the style sheet has room for.
    const columns = getComputedStyle(event.currentTarget).gridTemplateColumns.split(' ').length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? addresses.length - 1 : at + (step ?? NaN);
    if (!(next >= 0 && next < addresses.length)) return;
    event.preventDefault();
    setAt(next);
    grid.current?.querySelectorAll('button')[next]?.focus();
  };
  const shown = addresses[hovered ?? at] ?? addresses[0];
  return (
    <>
      <div
        ref={grid}
        role="group"
        aria-label="Addresses; the arrow keys go from one to the next"
        className={classes.grid}
        onKeyDown={go}
        onMouseLeave={() => setHovered(null)}
      >
        {addresses.map((one, index) => (
          <button
            key={one.address}
            type="button"
            className={classes.cell}
            data-state={one.state}
            tabIndex={index === at ? 0 : -1}
            aria-label={addressText(one)}
            aria-current={index === at}
            onFocus={() => setAt(index)}
            onClick={() => setAt(index)}
            onMouseEnter={() => setHovered(index)}
          >
            {one.address.split('.').at(-1)}
          </button>
        ))}
      </div>
      {shown && <AddressDetails address={shown} />}
    </>
  );
}
