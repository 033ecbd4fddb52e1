import { Anchor, Box, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

interface PageProps {
  title: string;
  /** Beside the title: a state, an id. */
  aside?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** The pages above: `[{label, to}]`. */
  above?: { label: string; to: string }[];
  children: ReactNode;
}

/** The frame of every page: one h1, what can be done at the right, the content below. */
export function Page({ title, aside, description, actions, above, children }: PageProps) {
  useDocumentTitle(`${title} · Berth`);
  return (
    <Stack gap="md">
      {above && (
        <Breadcrumbs aria-label="Breadcrumbs">
          {above.map(({ label, to }) => (
            <Anchor key={to} component={Link} to={to} size="sm">
              {label}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      <Group justify="space-between" align="flex-start" gap="sm">
        <Box>
          <Group gap="sm">
            <Title order={1} size="h2">
              {title}
            </Title>
            {aside}
          </Group>
          {description && (
            <Text c="dimmed" size="sm" mt={2} component="div">
              {description}
            </Text>
          )}
        </Box>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

interface CardProps {
  title?: string;
  actions?: ReactNode;
  /** Tables go up to the edge. */
  flush?: boolean;
  children: ReactNode;
}

export function Card({ title, actions, flush, children }: CardProps) {
  return (
    <Box className="berth-card" component="section" aria-label={title} style={{ minWidth: 0 }}>
      {(title || actions) && (
        <Group justify="space-between" px="md" pt="sm" pb={flush ? 'sm' : 4} gap="xs">
          {title && (
            <Title order={2} size="h5">
              {title}
            </Title>
          )}
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      )}
      <Box p={flush ? 0 : 'md'} pt={flush ? 0 : title ? 'xs' : 'md'}>
        {children}
      </Box>
    </Box>
  );
}
