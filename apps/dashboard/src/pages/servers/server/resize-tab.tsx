import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconArrowsDiagonal } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { plansQuery } from '../../../api/catalogue';
import { type ActionBody, serverAction } from '../../../api/server-actions';
import type { Limits, Plan, Server } from '../../../api/types';
import { useAction } from '../../../api/use-action';
import { useSubmit } from '../../../components/form-modal';
import { changedLimits, limitTexts } from '../../../components/limit-texts';
import { LimitsFields } from '../../../components/limits-fields';
import { Card } from '../../../components/page';
import { PlanCards } from '../../../components/plan-cards';
import { EmptyState, ErrorAlert, LoadingState } from '../../../components/states';
import { isStaff } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { applies, isHeldUp } from './abilities';
import { ResizePreview } from './resize-preview';

/** More or less of everything, while it runs. */
export function ResizeTab({ server }: { server: Server }) {
  const staff = isStaff(useSession());
  const [by, setBy] = useState('plan');
  const { data: plans, error } = useQuery(plansQuery);
  if (!applies(server, 'resize')) {
    return (
      <EmptyState icon={IconArrowsDiagonal} title="It can’t be resized now">
        A server can be resized while it runs, is stopped or frozen; not while it is frozen to disk.
      </EmptyState>
    );
  }
  return (
    <Stack>
      {staff && (
        <SegmentedControl
          aria-label="Resize by"
          value={by}
          onChange={setBy}
          data={[
            { value: 'plan', label: 'Another plan' },
            { value: 'limits', label: 'Single limits' },
          ]}
          style={{ alignSelf: 'flex-start' }}
        />
      )}
      {by === 'limits' ? (
        // Anew when it has other limits: the fields show what it has.
        <ByLimits key={JSON.stringify(server.limits)} server={server} />
      ) : plans ? (
        <ByPlan server={server} plans={plans} />
      ) : error ? (
        <ErrorAlert error={error} />
      ) : (
        <LoadingState />
      )}
    </Stack>
  );
}

function ByPlan({ server, plans }: { server: Server; plans: Plan[] }) {
  const [name, setName] = useState<string | null>(server.plan);
  const before = plans.find((plan) => plan.name === server.plan) ?? null;
  const after = plans.find((plan) => plan.name === name) ?? null;
  const resize = useResize(server, { plan: name ?? server.plan });
  return (
    <Stack>
      <PlanCards plans={plans} value={name} onChange={setName} current={server.plan} />
      {after && <Confirm server={server} after={after.limits} prices={[before, after]} resize={resize} />}
    </Stack>
  );
}

function ByLimits({ server }: { server: Server }) {
  const [texts, setTexts] = useState(() => limitTexts(server.limits));
  const changed = changedLimits(texts, server.limits);
  const resize = useResize(server, { limits: changed ?? {} });
  return (
    <Stack>
      <LimitsFields value={texts} onChange={setTexts} errorOf={resize.errorOf} />
      {changed ? (
        <Confirm server={server} after={{ ...server.limits, ...changed }} resize={resize} />
      ) : (
        <Text size="sm" c="dimmed">
          One of the fields can’t be read: see there.
        </Text>
      )}
    </Stack>
  );
}

function useResize(server: Server, body: ActionBody<'resize'>) {
  const resize = useAction(() => serverAction(server.id, 'resize', body), {
    quiet: true,
    said: () => `${server.name} is resized`,
    changes: ['quota'],
  });
  return useSubmit(() => resize.mutateAsync(undefined));
}

interface ConfirmProps {
  server: Server;
  after: Limits;
  /** Before and after, where the plan changes. */
  prices?: [Plan | null, Plan];
  resize: ReturnType<typeof useResize>;
}

function Confirm({ server, after, prices, resize: { submit, busy, error } }: ConfirmProps) {
  const other = prices ? prices[1].name !== server.plan : false;
  const changes = Object.keys(after).some(
    (name) => after[name as keyof Limits] !== server.limits[name as keyof Limits],
  );
  if (!changes && !other) {
    return (
      <Text size="sm" c="dimmed">
        {prices
          ? 'This is what it has. Choose another plan to see what would change.'
          : 'Nothing is changed yet.'}
      </Text>
    );
  }
  return (
    <Card title="What changes">
      <form onSubmit={submit}>
        <Stack>
          <ResizePreview before={server.limits} after={after} prices={prices} />
          <ErrorAlert error={error} title="The resize was refused" />
          <Group>
            <Button type="submit" loading={busy} disabled={isHeldUp(server, 'resize')}>
              Resize
            </Button>
            <Text size="sm" c="dimmed">
              {server.operation
                ? 'It can be resized when what is under way has ended.'
                : 'Takes effect at once; nothing is restarted.'}
            </Text>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
