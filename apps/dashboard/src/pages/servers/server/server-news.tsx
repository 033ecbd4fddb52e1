import { Alert, Anchor, Collapse, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconClockX, IconPlayerPause } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../../../api/client';
import { operationQuery } from '../../../api/queries';
import type { Operation, Server } from '../../../api/types';
import { OperationProgress, OperationTimeline } from '../../../components/operation-timeline';
import { StatusBadge } from '../../../components/status-badge';
import { When } from '../../../components/when';
import { moment } from '../../../format/times';
import { words } from '../../../format/words';
import { useDismissed } from './use-dismissed';

/** What is done to the server now, what went wrong last, and what has been decided about it. */
export function ServerNews({ server }: { server: Server }) {
  return (
    <>
      <Suspensions server={server} />
      {server.operation ? <UnderWay id={server.operation} /> : <LastFailure server={server} />}
    </>
  );
}

function UnderWay({ id }: { id: string }) {
  const { data: operation } = useQuery(operationQuery(id));
  const [opened, setOpened] = useState(true);
  if (!operation || operation.finished_at) return null;
  const waits = operation.status === 'pending';
  const step = operation.steps.find(({ status }) => status === 'running');
  return (
    <section className="berth-card" aria-label="Under way" style={{ padding: 'var(--mantine-spacing-md)' }}>
      <Stack gap="xs">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <StatusBadge status={operation.status} running={!waits} label={waits ? 'Waits' : 'Under way'} />
            <Anchor component={Link} to={`/operations/${id}`} fw={600} size="sm">
              {words(operation.kind)}
            </Anchor>
            <Text size="sm" c="dimmed">
              {waits ? waitingText(operation) : step ? words(step.name) : ''}
            </Text>
          </Group>
          <UnstyledButton onClick={() => setOpened(!opened)} aria-expanded={opened}>
            <Text size="sm" c="var(--mantine-color-anchor)">
              {opened ? 'Hide steps' : 'Show steps'}
            </Text>
          </UnstyledButton>
        </Group>
        <OperationProgress operation={operation} />
        <Collapse expanded={opened} transitionDuration={0}>
          <OperationTimeline operation={operation} />
        </Collapse>
      </Stack>
    </section>
  );
}

const waitingText = ({ waits_for, attempt }: Operation) =>
  waits_for
    ? 'Begins when the one before has ended'
    : attempt > 1
      ? 'Is taken up again by a worker'
      : 'Begins as soon as a worker is free';

function LastFailure({ server }: { server: Server }) {
  const [dismissed, dismiss] = useDismissed(server.id);
  const { data: last } = useQuery({
    queryKey: ['operations', 'last', server.id],
    queryFn: async ({ signal }) => {
      const query = { server_id: server.id, per_page: '1', sort: 'created_at:desc' };
      const { operations } = await answerOf(api.GET('/v1/operations', { params: { query }, signal }));
      return operations[0] ?? null;
    },
  });
  if (!last?.error || last.status !== 'failed' || dismissed === last.id) return null;
  return (
    <Alert
      color="red.8"
      variant="outline"
      icon={<IconAlertTriangle aria-hidden />}
      title={`${words(last.kind)} failed${last.error.step ? ` at “${words(last.error.step)}”` : ''}`}
      withCloseButton
      closeButtonLabel="Dismiss"
      onClose={() => dismiss(last.id)}
    >
      <Text size="sm">{last.error.message}</Text>
      <Text size="sm" c="dimmed" component="div">
        <When at={last.finished_at} /> ·{' '}
        <Anchor component={Link} to={`/operations/${last.id}`} size="sm">
          Its steps
        </Anchor>
      </Text>
    </Alert>
  );
}

const causes = {
  server: 'This server is suspended',
  tenant: 'All servers of this customer are suspended',
  termination: 'This server is to be deleted',
};

function Suspensions({ server }: { server: Server }) {
  const { suspension, terminate_at } = server;
  if (!suspension && !terminate_at) return null;
  return (
    <>
      {Object.entries(suspension ?? {}).map(([cause, one]) => (
        <Alert
          key={cause}
          color="orange.9"
          variant="outline"
          icon={<IconPlayerPause aria-hidden />}
          title={causes[cause as keyof typeof causes]}
        >
          {one.reason ? `Reason: ${one.reason}. ` : ''}
          {one.policy === 'stop'
            ? 'It is stopped; its files are kept.'
            : 'It runs on, but its network is cut off.'}{' '}
          Since {moment(one.since)}.
        </Alert>
      ))}
      {terminate_at && (
        <Alert
          color="red.8"
          variant="outline"
          icon={<IconClockX aria-hidden />}
          title={`It is deleted for good at ${moment(terminate_at)}`}
        >
          Until then this can be taken back by lifting the suspension.
        </Alert>
      )}
    </>
  );
}
