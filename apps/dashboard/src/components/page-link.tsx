import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

interface PageLinkProps {
  to: string;
  /** Filters of the page. */
  search?: Record<string, string>;
  label: ReactNode;
  strong?: boolean;
}

/** To another page, filtered if said. */
export function PageLink({ to, search, label, strong }: PageLinkProps) {
  return (
    <Anchor component={Link} to={to} search={search as never} size="sm" fw={strong ? 550 : undefined}>
      {label}
    </Anchor>
  );
}
