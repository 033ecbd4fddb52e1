import { Box, Group, Progress, Stack, Text, Tooltip } from '@mantine/core';
import type { Operation, OperationStep } from '../api/types';
import { duration, moment } from '../format/times';
import { words } from '../format/words';
import { useNow } from '../live/use-now';
import { StatusBadge } from './status-badge';
import classes from './operation-timeline.module.css';

const ended = ({ finished_at }: Operation) => finished_at !== null;

/** How long an operation took, or takes until now, ms. */
export function elapsedOf({ created_at, finished_at }: Operation, now: number): number {
  return (finished_at ? Date.parse(finished_at) : now) - Date.parse(created_at);
}

/** The progress of what is under way; nothing where it has ended. */
export function OperationProgress({ operation }: { operation: Operation }) {
  if (ended(operation)) return null;
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress.Root size="md" style={{ flex: 1 }}>
        <Progress.Section
          value={operation.progress}
          animated
          aria-label={`${words(operation.kind)}: ${operation.progress} %`}
        />
      </Progress.Root>
      <Text size="xs" c="dimmed" w={40} ta="right">
        {operation.progress} %
      </Text>
    </Group>
  );
}

/** The steps of an operation on one time axis: what was when, how long, how often, and what failed. */
export function OperationTimeline({ operation }: { operation: Operation }) {
  const now = useNow();
  const start = Date.parse(operation.created_at);
  const span = Math.max(1, elapsedOf(operation, now));
  return (
    <Stack component="ol" gap={6} m={0} p={0} style={{ listStyle: 'none' }}>
      {operation.steps.map((step) => (
        <Step key={step.name} step={step} start={start} span={span} now={now} />
      ))}
    </Stack>
  );
}

function Step({ step, start, span, now }: { step: OperationStep; start: number; span: number; now: number }) {
  const began = step.started_at ? Date.parse(step.started_at) : null;
  const over = step.finished_at ? Date.parse(step.finished_at) : now;
  const left = began === null ? 0 : Math.min(99, Math.max(0, ((began - start) / span) * 100));
  const width = began === null ? 0 : Math.max(0.8, Math.min(100 - left, ((over - began) / span) * 100));
  const took = began === null ? null : over - began;
  return (
    <Box component="li">
      <div className={classes.step}>
        <Group gap="xs" wrap="nowrap">
          <StatusBadge status={step.status} running={step.status === 'running'} />
          <Text size="sm">{words(step.name)}</Text>
          {step.attempt > 1 && (
            <Text size="xs" c="dimmed">
              attempt {step.attempt}
            </Text>
          )}
        </Group>
        <Tooltip label={step.started_at ? `began ${moment(step.started_at)}` : 'not begun'}>
          <div className={classes.axis} aria-hidden>
            <div
              className={classes.bar}
              data-status={step.status}
              style={{ left: `${left}%`, width: `${width}%` }}
            />
          </div>
        </Tooltip>
        <Text size="sm" c="dimmed" ta="right">
          {took === null ? '' : duration(took)}
        </Text>
      </div>
      {step.error && (
        <Text size="sm" c="var(--mantine-color-error)" ml="md" mt={2} style={{ overflowWrap: 'anywhere' }}>
          {step.error.message}
        </Text>
      )}
    </Box>
  );
}
