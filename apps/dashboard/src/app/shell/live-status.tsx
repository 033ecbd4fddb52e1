import { Alert, Group, Text, Tooltip } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { LiveState } from '../../live/live-stream';
import { useLiveState } from '../../live/live-provider';
import classes from './live-status.module.css';

const words: Record<LiveState, [string, string]> = {
  connecting: ['Connecting', 'The page is being connected to the API'],
  live: ['Live', 'The page is told of every change as it happens'],
  stale: ['Stale', 'Nothing was heard of the API for some seconds: what is shown may be old'],
  offline: ['Offline', 'The API can’t be reached; it is tried again by itself'],
};

/** Whether what is on the page is what is. */
export function LiveStatus() {
  const state = useLiveState();
  const [label, explanation] = words[state];
  return (
    <Tooltip label={explanation}>
      <Group gap={6} wrap="nowrap" role="status" aria-label={`${label}: ${explanation}`} data-live={state}>
        <span className={classes.dot} data-state={state} aria-hidden />
        <Text size="sm" c="dimmed" visibleFrom="xs">
          {label}
        </Text>
      </Group>
    </Tooltip>
  );
}

/** Across the page, once it is sure: a moment of reconnecting is nobody's business. */
export function OfflineBanner() {
  const state = useLiveState();
  const [shown, setShown] = useState(false);
  const away = state === 'offline' || state === 'stale';
  useEffect(() => {
    const timer = setTimeout(() => setShown(away), away ? 800 : 0);
    return () => clearTimeout(timer);
  }, [away]);
  if (!shown) return null;
  return (
    <Alert
      role="alert"
      color="orange.9"
      variant="outline"
      mb="md"
      icon={<IconCloudOff aria-hidden />}
      title={state === 'stale' ? 'No news from the API' : 'The API is offline'}
    >
      What you see is as it was last told. Servers are not affected: they run on. The page goes on by itself
      as soon as the API is back.
    </Alert>
  );
}
