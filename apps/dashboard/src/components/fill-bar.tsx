import { Group, Progress, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface FillBarProps {
  label: string;
  used: number;
  /** Null: there is no limit, and no bar to fill. */
  limit: number | null;
  format: (value: number) => string;
  note?: ReactNode;
}

const FULL = 0.95;
const NEARLY = 0.8;

/** How much of something is used: a bar with its figures. */
export function FillBar({ label, used, limit, format, note }: FillBarProps) {
  const share = limit ? used / limit : 0;
  const colour = share >= FULL ? 'red.8' : share >= NEARLY ? 'orange.8' : 'berth';
  const text = limit === null ? `${format(used)}, no limit` : `${format(used)} of ${format(limit)}`;
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" fw={550}>
          {label}
        </Text>
        <Text size="sm" c="dimmed" ta="right">
          {text}
          {limit ? ` (${Math.round(share * 100)} %)` : ''}
        </Text>
      </Group>
      {limit !== null && (
        <Progress.Root size="md">
          <Progress.Section
            value={Math.min(100, share * 100)}
            color={colour}
            aria-label={`${label}: ${text}`}
          />
        </Progress.Root>
      )}
      {note && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </Stack>
  );
}
