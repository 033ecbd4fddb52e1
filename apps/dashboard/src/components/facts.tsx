import { SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Name and value, in pairs: a definition list that flows into as many columns as there is room for. */
export function Facts({ facts, columns = 2 }: { facts: [string, ReactNode][]; columns?: number }) {
  return (
    <SimpleGrid component="dl" cols={{ base: 1, xs: columns }} spacing="md" verticalSpacing="xs" m={0}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <Text component="dt" size="xs" c="dimmed">
            {name}
          </Text>
          <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
            {value ?? '–'}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  );
}
