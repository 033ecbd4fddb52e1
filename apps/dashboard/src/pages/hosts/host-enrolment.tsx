import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client';
import { operationQuery } from '../../api/queries';
import type { Host } from '../../api/types';
import { OperationProgress, OperationTimeline } from '../../components/operation-timeline';
import { Card } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { ErrorAlert } from '../../components/states';
import { OperationStatus } from '../operations/operation-status';

/** The enrolment of a host that takes no servers yet, as it goes. */
export function HostEnrolment({ host }: { host: Host }) {
  const query = { host_id: host.id, kind: 'enrol_host', per_page: '1' };
  const { data: id } = useQuery({
    queryKey: ['operations', 'list', 'enrolment', host.id],
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/v1/operations', { params: { query }, signal }))).operations[0]?.id ?? null,
  });
  return id ? <Enrolment id={id} /> : null;
}

function Enrolment({ id }: { id: string }) {
  const { data: operation } = useQuery(operationQuery(id));
  if (!operation) return null;
  return (
    <Card
      title="Enrolment"
      actions={
        <>
          <OperationStatus operation={operation} />
          <PageLink to={`/operations/${id}`} label="The job" />
        </>
      }
    >
      <Stack>
        {operation.error && (
          <ErrorAlert error={new Error(operation.error.message)} title="It could not be enrolled" />
        )}
        <OperationProgress operation={operation} />
        <OperationTimeline operation={operation} />
        {operation.status === 'failed' && (
          <Text size="sm" c="dimmed">
            Mend what it says and try again on the job’s page, or delete the host and enrol it anew.
          </Text>
        )}
      </Stack>
    </Card>
  );
}
