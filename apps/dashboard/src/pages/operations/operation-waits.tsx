import { Alert } from '@mantine/core';
import { IconHourglass } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import type { Operation } from '../../api/types';
import { PageLink } from '../../components/page-link';
import { moment } from '../../format/times';

interface OperationWaitsProps {
  operation: Operation;
  /** When the API was last heard of it, ms. */
  readAt: number;
}

/** Why a job does not go on at the moment, and what it waits for: another job, a worker, or its next try. */
export function OperationWaits({ operation, readAt }: OperationWaitsProps) {
  const silent = useWorkerSilent(operation, readAt);
  const { status, waits_for, attempt, steps, held_until } = operation;
  if (status === 'pending' && waits_for) {
    return (
      <Waiting title="Waits for another job of the same server">
        It begins by itself when <PageLink to={`/operations/${waits_for}`} label="that one" /> has ended.
      </Waiting>
    );
  }
  if (status === 'pending' && attempt > 0) {
    const failed = steps.find(({ error }) => error)?.error;
    return (
      <Waiting title={failed ? 'Waits to be tried again' : 'Waits for another worker'}>
        {failed ? failed.message : 'Its worker has given it back: another one takes it at once.'}
      </Waiting>
    );
  }
  if (status === 'pending') {
    return <Waiting title="Waits for a worker">One that is free takes it, usually at once.</Waiting>;
  }
  if (silent && held_until) {
    return (
      <Waiting title="Waits for another worker">
        The worker that had it is silent. Nothing is lost: after {moment(held_until).slice(11)} another one
        takes it, and goes on with the step that was under way.
      </Waiting>
    );
  }
  return null;
}

function Waiting({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Alert color="berth" variant="outline" icon={<IconHourglass aria-hidden />} title={title} role="status">
      {children}
    </Alert>
  );
}

/** A worker renews its hold about once a second: one that has not for so long, seen by ourselves, is probably gone. */
const SILENT_MS = 3500;

function useWorkerSilent({ status, held_until }: Operation, readAt: number): boolean {
  const [renewed, setRenewed] = useState({ held_until, at: readAt });
  if (renewed.held_until !== held_until) setRenewed({ held_until, at: readAt });
  return status === 'running' && readAt - renewed.at > SILENT_MS;
}
