import { Alert, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconReceipt } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { components } from '../../api/schema.gen';
import { Card } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { EmptyState, ErrorState, LoadingState } from '../../components/states';
import { useFilters } from '../../components/use-filters';
import { bytes, count, money } from '../../format/amounts';
import { moment } from '../../format/times';
import { invoiceQuery } from './usage-queries';
import { thisMonth } from './usage-range';

type Preview = components['schemas']['InvoicePreviewAnswerDto']['invoice_preview'];
type Line = Preview['lines'][number];

/** What a month costs, line by line. */
export function Invoice({ tenantId }: { tenantId: string | undefined }) {
  const [filters, setFilters] = useFilters();
  const month = filters.month ?? thisMonth();
  const { data: preview, error, refetch } = useQuery(invoiceQuery(month, tenantId));
  return (
    <Stack>
      <TextInput
        type="month"
        label="Month"
        description="In UTC"
        value={month}
        max={thisMonth()}
        onChange={(event) => event.currentTarget.value && setFilters({ month: event.currentTarget.value })}
        w={{ base: '100%', xs: 220 }}
      />
      {error ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : preview ? (
        <Document preview={preview} />
      ) : (
        <LoadingState />
      )}
    </Stack>
  );
}

function Document({ preview }: { preview: Preview }) {
  const { complete, metered_to, lines, totals, unpriced_records } = preview;
  return (
    <Stack>
      {!complete && (
        <Alert color="berth" variant="outline" title="The month is not over">
          What was counted up to {moment(metered_to)}. The amounts grow until all hours of the month are
          closed.
        </Alert>
      )}
      <Card title="Preview" flush>
        {lines.length === 0 ? (
          <EmptyState icon={IconReceipt} title="Nothing to pay">
            Each server of the month gets a line here, by the hours that it existed, and one for traffic
            beyond what is included.
          </EmptyState>
        ) : (
          <Table verticalSpacing="xs" horizontalSpacing="md">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>For</Table.Th>
                <Table.Th visibleFrom="sm">How much</Table.Th>
                <Table.Th ta="right">Amount</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {lines.map((line) => (
                <InvoiceLine
                  key={`${line.kind} ${line.server_id} ${line.plan_id} ${line.currency}`}
                  line={line}
                />
              ))}
            </Table.Tbody>
            <Table.Tfoot>
              {totals.map(({ currency, amount_micros }) => (
                <Table.Tr key={currency}>
                  <Table.Th>In all</Table.Th>
                  <Table.Td visibleFrom="sm" />
                  <Table.Th ta="right">
                    <Text fw={650}>{money(amount_micros, currency)}</Text>
                  </Table.Th>
                </Table.Tr>
              ))}
            </Table.Tfoot>
          </Table>
        )}
        {unpriced_records > 0 && (
          <Text size="xs" c="dimmed" p="sm">
            {count(unpriced_records)} hours were on plans that had no price then: they cost nothing.
          </Text>
        )}
      </Card>
    </Stack>
  );
}

function InvoiceLine({ line }: { line: Line }) {
  const { kind, server_id, server_name, plan_name, currency, amount_micros, capped } = line;
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={6}>
          <PageLink to={`/servers/${server_id}`} label={server_name} />
          <Text size="sm" c="dimmed">
            {kind === 'server_time' ? plan_name : 'traffic beyond what is included'}
          </Text>
        </Group>
      </Table.Td>
      <Table.Td visibleFrom="sm">{quantityText(line)}</Table.Td>
      <Table.Td ta="right">
        {money(amount_micros, currency)}
        {capped && (
          <Text size="xs" c="dimmed">
            the month’s cap
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

const HOUR_MS = 3_600_000;

function quantityText({ unit, quantity, included_quantity, prices, currency }: Line): string {
  const amount = Number(quantity);
  if (unit === 'ms') {
    const each = prices.map(({ hourly_micros }) => money(hourly_micros, currency)).join(', then ');
    return `${count(amount / HOUR_MS)} h at ${each}`;
  }
  return `${bytes(amount)} sent, ${bytes(Number(included_quantity ?? 0))} included`;
}
