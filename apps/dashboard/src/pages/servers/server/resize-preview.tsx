import { Table, Text } from '@mantine/core';
import type { Limits, Plan } from '../../../api/types';
import { limitInfo, limitNames, limitText } from '../../../format/limits';
import { capText, hourText } from '../../../format/prices';

interface ResizePreviewProps {
  before: Limits;
  after: Limits;
  prices?: [Plan | null, Plan];
}

/** Before and after of what would change, and of nothing else. */
export function ResizePreview({ before, after, prices }: ResizePreviewProps) {
  const rows: [string, string, string][] = limitNames
    .filter((name) => before[name] !== after[name])
    .map((name) => [limitInfo[name].label, limitText(name, before[name]), limitText(name, after[name])]);
  if (prices) {
    const [from, to] = prices.map((plan) => plan?.price ?? null);
    const text = (price: Plan['price'], say: (price: NonNullable<Plan['price']>) => string) =>
      price ? say(price) : 'not billed';
    rows.push(['Price, at most', text(from ?? null, capText), text(to ?? null, capText)]);
    rows.push(['Price by the hour', text(from ?? null, hourText), text(to ?? null, hourText)]);
  }
  return (
    <Table verticalSpacing={6} maw={620}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>What</Table.Th>
          <Table.Th>Now</Table.Th>
          <Table.Th>Then</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(([label, now, then]) => (
          <Table.Tr key={label}>
            <Table.Td>{label}</Table.Td>
            <Table.Td>
              <Text size="sm" c="dimmed">
                {now}
              </Text>
            </Table.Td>
            <Table.Td>
              <Text size="sm" fw={now === then ? undefined : 650}>
                {then}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
