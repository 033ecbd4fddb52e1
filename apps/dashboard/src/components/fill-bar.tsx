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

/** A little is not nothing, and nearly full is not full. */
export function shareText(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : Math.round(share * 100)} %`;
}

/** Percent of a bar, in few digits: readers of the page don't take any number. */
export const shareWidth = (share: number) => Math.min(100, Math.round(share * 10_000) / 100);

/** Of a share, 0–1: when somebody should look. */
export const fillColour = (share: number) =>
  share >= FULL ? 'red.8' : share >= NEARLY ? 'orange.8' : 'berth';

/** How much of something is used: a bar with its figures. */
export function FillBar({ label, used, limit, format, note }: FillBarProps) {
  const share = limit ? used / limit : 0;
  const colour = fillColour(share);
  const text = limit === null ? `${format(used)}, no limit` : `${format(used)} of ${format(limit)}`;
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" fw={550}>
          {label}
        </Text>
        <Text size="sm" c="dimmed" ta="right">
          {text}
          {limit ? ` (${shareText(share)})` : ''}
        </Text>
      </Group>
      {limit !== null && (
        <Progress.Root size="md">
          <Progress.Section value={shareWidth(share)} color={colour} aria-label={`${label}: ${text}`} />
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
