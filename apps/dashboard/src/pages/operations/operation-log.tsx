import { ScrollArea, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { answerOf, api } from '../../api/client';
import type { Operation } from '../../api/types';
import { Card } from '../../components/page';
import { ErrorAlert, LoadingState } from '../../components/states';
import { moment } from '../../format/times';
import classes from './operation-log.module.css';

/** How often it is read while the job runs: what a host prints changes no state that the live stream tells. */
const TAIL_MS = 3000;

/** What was recorded of a job, in the order of time; it stays at its end while the job runs. */
export function OperationLog({ operation }: { operation: Operation }) {
  const viewport = useRef<HTMLDivElement>(null);
  const { data, error } = useQuery({
    queryKey: ['operations', 'log', operation.id],
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/v1/operations/{id}/log', { params: { path: { id: operation.id } }, signal })))
        .log,
    refetchInterval: operation.finished_at ? false : TAIL_MS,
  });
  const lines = data?.length ?? 0;
  useEffect(() => {
    // Newer browsers answer with a promise, which is no clean-up.
    void viewport.current?.scrollTo({ top: viewport.current.scrollHeight });
  }, [lines]);
  return (
    <Card title="Log">
      <ErrorAlert error={error} />
      {!data && !error && <LoadingState label="Loading the log" />}
      {data && (
        <ScrollArea.Autosize
          mah={320}
          viewportRef={viewport}
          viewportProps={{ tabIndex: 0, role: 'log', 'aria-label': 'Log of the job' }}
        >
          {data.map(({ at, level, message }, index) => (
            // Lines have no ids, and are only ever added.
            <div key={index} className={classes.line} data-level={level}>
              <Text span size="xs" c="dimmed" ff="monospace" className={classes.at} title={at}>
                {moment(at).slice(11)}
              </Text>
              <Text span size="sm" ff={level === 'output' ? 'monospace' : undefined} className={classes.text}>
                {message}
              </Text>
            </div>
          ))}
        </ScrollArea.Autosize>
      )}
    </Card>
  );
}
