import { Alert, Button, Checkbox, Group, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconArrowsExchange } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../../../api/client';
import { serverAction } from '../../../api/server-actions';
import type { Server } from '../../../api/types';
import { useAction } from '../../../api/use-action';
import { AmountInput } from '../../../components/amount-input';
import { useSubmit } from '../../../components/form-modal';
import { Card } from '../../../components/page';
import { EmptyState, ErrorAlert, ErrorState, LoadingState } from '../../../components/states';
import { parseBitRate } from '../../../format/parse-amount';
import { applies, isHeldUp } from './abilities';
import { MigrationTargets } from './migration-targets';

type Mode = 'live' | 'near_live' | 'offline';

const modes: { value: Mode; label: string; help: string }[] = [
  { value: 'live', label: 'Live', help: 'Programs and connections go on; it stands still for a moment.' },
  {
    value: 'near_live',
    label: 'Nearly live',
    help: 'Copied while it runs, stopped for the last changes, started there: a short stop.',
  },
  { value: 'offline', label: 'Offline', help: 'Stopped before it is copied, and started there if it ran.' },
];

const targetsQuery = (id: string) => ({
  queryKey: ['hosts', 'migration_targets', id],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    answerOf(api.GET('/v1/servers/{id}/migration_targets', { params: { path: { id } }, signal })),
});

/** To another host of its location. */
export function MigrateTab({ server }: { server: Server }) {
  const { data, error, refetch } = useQuery({
    ...targetsQuery(server.id),
    enabled: applies(server, 'migrate'),
  });
  if (!applies(server, 'migrate')) {
    return (
      <EmptyState icon={IconArrowsExchange} title="It can’t be moved now">
        A server can be moved while it runs or is stopped: let a frozen one go on first.
      </EmptyState>
    );
  }
  if (error) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <LoadingState />;
  // The document takes this text that may be null for an array.
  const blocked = data.blocked as unknown as string | null;
  if (blocked) {
    return (
      <EmptyState icon={IconArrowsExchange} title="It can’t leave its host now">
        {blocked.charAt(0).toUpperCase() + blocked.slice(1)}
      </EmptyState>
    );
  }
  return <MigrateForm server={server} targets={data.migration_targets} total={data.total} />;
}

interface MigrateFormProps {
  server: Server;
  targets: React.ComponentProps<typeof MigrationTargets>['targets'];
  total: number;
}

function MigrateForm({ server, targets, total }: MigrateFormProps) {
  const [host, setHost] = useState<string | null>(null);
  const [mode, setMode] = useState<Mode>('live');
  const [fallback, setFallback] = useState<string[]>([]);
  const [bandwidth, setBandwidth] = useState('');
  const rate = bandwidth.trim() === '' ? null : parseBitRate(bandwidth);
  const target = targets.find((one) => one.host.id === host);
  const migrate = useAction(
    () =>
      serverAction(server.id, 'migrate', {
        ...(host && { host }),
        mode,
        fallback: fallback as Mode[],
        ...(rate && { bandwidth_bps: rate }),
      }),
    { quiet: true, said: () => `${server.name} moves to ${target?.host.name ?? 'another host'}` },
  );
  const { submit, busy, error, errorOf } = useSubmit(() => migrate.mutateAsync(undefined));
  const possible = targets.some(({ fits }) => fits);
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Card title="How">
          <SimpleGrid cols={{ base: 1, md: 3 }} spacing="lg">
            <Select
              label="Mode"
              description={modes.find(({ value }) => value === mode)?.help}
              data={modes.map(({ value, label }) => ({ value, label }))}
              value={mode}
              onChange={(value) => {
                setMode(value as Mode);
                setFallback(fallback.filter((one) => one !== value));
              }}
              allowDeselect={false}
              error={errorOf('mode')}
            />
            <Checkbox.Group
              label="Otherwise"
              description="Tried where the mode can’t be, in this order"
              value={fallback}
              onChange={(chosen) =>
                setFallback(modes.map(({ value }) => value).filter((one) => chosen.includes(one)))
              }
              error={errorOf('fallback')}
            >
              <Stack gap={6} mt={6}>
                {modes
                  .filter(({ value }) => value !== mode && value !== 'live')
                  .map(({ value, label }) => (
                    <Checkbox key={value} value={value} label={label} />
                  ))}
              </Stack>
            </Checkbox.Group>
            <AmountInput
              label="Bandwidth"
              kind="bitRate"
              help="Between the two hosts, such as 200 Mbit/s; no limit where it is empty"
              text={bandwidth}
              error={errorOf('bandwidth_bps')}
              onChange={setBandwidth}
            />
          </SimpleGrid>
        </Card>
        <Card title="Where to" flush>
          <MigrationTargets targets={targets} value={host} onChange={setHost} />
          {total > targets.length && (
            <Text size="xs" c="dimmed" p="sm">
              The first {targets.length} of {total} hosts.
            </Text>
          )}
        </Card>
        {!possible && (
          <Alert color="orange.9" variant="outline" title="No host of its location has room for it">
            Enrol another host, or make room on one of them.
          </Alert>
        )}
        <ErrorAlert error={error} title="The move was refused" />
        <Group>
          <Button
            type="submit"
            loading={busy}
            disabled={!possible || isHeldUp(server, 'migrate') || (bandwidth.trim() !== '' && !rate)}
          >
            Move to {target?.host.name ?? 'the best host'}
          </Button>
          {server.operation && (
            <Text size="sm" c="dimmed">
              It can be moved when what is under way has ended.
            </Text>
          )}
        </Group>
      </Stack>
    </form>
  );
}
