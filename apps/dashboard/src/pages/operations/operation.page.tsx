import { Alert, Button, Stack } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { answerOf, api } from '../../api/client';
import { operationQuery } from '../../api/queries';
import type { Operation } from '../../api/types';
import { useAction } from '../../api/use-action';
import { CopyValue } from '../../components/copy-value';
import { Facts } from '../../components/facts';
import { OperationProgress, OperationTimeline } from '../../components/operation-timeline';
import { Card, Page } from '../../components/page';
import { HostLink, ServerLink, TenantLink } from '../../components/reference';
import { ErrorState, LoadingState } from '../../components/states';
import { When } from '../../components/when';
import { words } from '../../format/words';
import { isOperator, isStaff, mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { OperationDuration } from './operation-duration';
import { OperationLog } from './operation-log';
import { OperationResult } from './operation-result';
import { OperationStatus } from './operation-status';
import { OperationWaits } from './operation-waits';

/** As often as a worker renews its hold. */
const HOLD_MS = 1500;

/** One job: its steps on a time axis, what went wrong in words, and what can be done about it. */
export function OperationPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const {
    data: operation,
    error,
    refetch,
    dataUpdatedAt,
  } = useQuery({
    ...operationQuery(id),
    // Whether a worker still has it, no message tells: it is seen by what does not change.
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? HOLD_MS : false),
  });
  if (error && !operation) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!operation) return <LoadingState />;
  return (
    <Page
      title={words(operation.kind)}
      above={[{ label: 'Jobs', to: '/operations' }]}
      aside={<OperationStatus operation={operation} />}
      description={<CopyValue value={operation.id} />}
      actions={<OperationActions operation={operation} />}
    >
      <Troubles operation={operation} />
      <OperationWaits operation={operation} readAt={dataUpdatedAt} />
      <Card title="Steps">
        <Stack>
          <OperationProgress operation={operation} />
          <OperationTimeline operation={operation} />
        </Stack>
      </Card>
      <OperationResult operation={operation} />
      <OperationFacts operation={operation} />
      <OperationLog operation={operation} />
    </Page>
  );
}

function Troubles({ operation }: { operation: Operation }) {
  const { error } = operation;
  if (error) {
    return (
      <Alert
        color="red.8"
        variant="outline"
        icon={<IconAlertTriangle aria-hidden />}
        title={`Failed${error.step ? ` at “${words(error.step)}”` : ''}: ${words(error.code)}`}
      >
        {error.message}
      </Alert>
    );
  }
  return null;
}

function OperationActions({ operation }: { operation: Operation }) {
  const session = useSession();
  const { id, status, cancel_requested } = operation;
  const params = { path: { id } };
  const cancel = useAction(
    () => answerOf(api.POST('/v1/operations/{id}/actions/cancel', { params, body: {} })),
    {
      said: () => 'It is cancelled where that is still possible',
    },
  );
  const retry = useAction(
    () => answerOf(api.POST('/v1/operations/{id}/actions/retry', { params, body: {} })),
    {
      said: () => 'It is tried again',
    },
  );
  if (!mayWrite(session)) return null;
  return (
    <>
      {(status === 'pending' || status === 'running') && (
        <Button
          variant="default"
          loading={cancel.isPending}
          disabled={cancel_requested}
          onClick={() => cancel.mutate(undefined)}
        >
          {cancel_requested ? 'Being cancelled' : 'Cancel'}
        </Button>
      )}
      {status === 'failed' && isOperator(session) && (
        <Button loading={retry.isPending} onClick={() => retry.mutate(undefined)}>
          Try again
        </Button>
      )}
    </>
  );
}

function OperationFacts({ operation }: { operation: Operation }) {
  const staff = isStaff(useSession());
  const { server_id, host_id, tenant_id, requested_by, request_id, attempt } = operation;
  const facts: [string, React.ReactNode][] = [
    ['Server', server_id ? <ServerLink id={server_id} /> : '–'],
    ['Took', <OperationDuration key="took" operation={operation} />],
    ['Asked for', <When key="created" at={operation.created_at} />],
    ['Taken by a worker', <When key="started" at={operation.started_at} />],
    ['Ended', <When key="finished" at={operation.finished_at} />],
    [
      'Taken',
      attempt === 0
        ? 'not yet'
        : attempt === 1
          ? 'once'
          : `${attempt} times: after a failure, or by another worker`,
    ],
    ['Request', <CopyValue key="request" value={request_id} />],
  ];
  if (staff) {
    facts.push([
      'Asked for by',
      requested_by === 'system' ? 'the platform itself' : <CopyValue key="by" value={requested_by} />,
    ]);
    facts.push(['Host', host_id ? <HostLink key="host" id={host_id} /> : '–']);
    facts.push(['Tenant', tenant_id ? <TenantLink key="tenant" id={tenant_id} /> : '–']);
  }
  return (
    <Card title="About">
      <Facts facts={facts} columns={3} />
    </Card>
  );
}
