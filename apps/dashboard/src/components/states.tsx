import { Alert, Button, Center, Code, Loader, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconCloudOff, IconError404 } from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import { ApiError, isNotFound, isOffline, messageOf } from '../api/errors';
import { explain } from '../api/explain';

interface EmptyStateProps {
  icon: ComponentType<{ size: number; stroke: number; 'aria-hidden': boolean }>;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** What there is to see where there is nothing: what it would be, and how to get it. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <Center p="xl">
      <Stack align="center" gap="xs" maw={440} ta="center">
        <ThemeIcon variant="transparent" size={56} c="dimmed">
          <Icon size={40} stroke={1.4} aria-hidden />
        </ThemeIcon>
        <Title order={3} size="h4">
          {title}
        </Title>
        {children && (
          <Text c="dimmed" size="sm">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

export function LoadingState({ label = 'Loading' }: { label?: string }) {
  return (
    <Center p="xl" role="status" aria-label={label}>
      <Loader />
    </Center>
  );
}

/** What went wrong, in the API's words, and what can be done about it. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  if (isNotFound(error)) {
    return (
      <EmptyState icon={IconError404} title="Not here">
        {messageOf(error)}
      </EmptyState>
    );
  }
  const [Icon, title] = isOffline(error)
    ? [IconCloudOff, 'The API can’t be reached']
    : [IconAlertTriangle, 'This could not be loaded'];
  return (
    <EmptyState
      icon={Icon}
      title={title}
      action={
        retry && (
          <Button variant="default" onClick={retry}>
            Try again
          </Button>
        )
      }
    >
      {isOffline(error) ? 'It is asked again by itself.' : <ErrorText error={error} />}
    </EmptyState>
  );
}

function ErrorText({ error }: { error: unknown }) {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <>
      {explain(error)}
      {requestId && (
        <>
          {' '}
          For support: request <Code>{requestId}</Code>
        </>
      )}
    </>
  );
}

/** A refusal, beside the form or button that it belongs to. */
export function ErrorAlert({ error, title }: { error: unknown; title?: string }) {
  if (!error) return null;
  return (
    <Alert
      color="red.8"
      variant="outline"
      icon={<IconAlertTriangle aria-hidden />}
      title={title}
      role="alert"
    >
      <ErrorText error={error} />
    </Alert>
  );
}
