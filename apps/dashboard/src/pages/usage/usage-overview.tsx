import { Button, Group, SegmentedControl, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { IconChartBar, IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Card } from '../../components/page';
import { EmptyState, ErrorState, LoadingState } from '../../components/states';
import { TimeChart } from '../../components/time-chart';
import { useFilters } from '../../components/use-filters';
import { moment } from '../../format/times';
import { isStaff } from '../../session/session';
import { useSession } from '../../session/session-context';
import { meterAmount, meterInfo, meterText } from './meters';
import { type UsageRow, usageQuery } from './usage-queries';
import { ranges, type UsageRange, usageSpan } from './usage-range';

/** Sums of a time, and how they came about day by day. */
export function UsageOverview({ tenantId }: { tenantId: string | undefined }) {
  const staff = isStaff(useSession());
  const [filters, setFilters] = useFilters();
  const range = filters.range && filters.range in ranges ? (filters.range as UsageRange) : 'month';
  const sums = useQuery(usageQuery(range, tenantId, 'meter'));
  const days = useQuery(usageQuery(range, tenantId, 'meter,day'));
  return (
    <Stack>
      <Group justify="space-between" gap="sm">
        <SegmentedControl
          aria-label="Time"
          value={range}
          onChange={(value) => setFilters({ range: value === 'month' ? undefined : value })}
          data={Object.entries(ranges).map(([value, label]) => ({ value, label }))}
        />
        {staff && <CsvButton range={range} tenantId={tenantId} />}
      </Group>
      {sums.error ? (
        <ErrorState error={sums.error} retry={() => void sums.refetch()} />
      ) : !sums.data ? (
        <LoadingState />
      ) : sums.data.rows.length === 0 ? (
        <Card>
          <EmptyState icon={IconChartBar} title="Nothing was used in this time">
            An hour’s usage is here some minutes after the hour has ended.
          </EmptyState>
        </Card>
      ) : (
        <>
          <Sums rows={sums.data.rows} meteredTo={sums.data.meteredTo} />
          {days.data && <Days rows={days.data.rows} />}
        </>
      )}
    </Stack>
  );
}

function CsvButton({ range, tenantId }: { range: UsageRange; tenantId: string | undefined }) {
  const query = new URLSearchParams({ ...usageSpan(range), ...(tenantId && { tenant_id: tenantId }) });
  return (
    <Button
      component="a"
      href={`/v1/usage.csv?${query.toString()}`}
      download
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      Every record as CSV
    </Button>
  );
}

function Sums({ rows, meteredTo }: { rows: UsageRow[]; meteredTo: string }) {
  const order = Object.keys(meterInfo);
  const sorted = [...rows].sort((a, b) => order.indexOf(a.meter) - order.indexOf(b.meter));
  return (
    <Card title="In all" flush>
      <Table verticalSpacing="xs" horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th ta="right">How much</Table.Th>
            <Table.Th visibleFrom="sm">Counted as</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sorted.map(({ meter, quantity, incomplete }) => (
            <Table.Tr key={meter}>
              <Table.Td>{meterInfo[meter]?.label ?? meter}</Table.Td>
              <Table.Td ta="right">
                {meterText(meter, quantity)}
                {incomplete && (
                  <Text size="xs" c="dimmed">
                    samples are missing
                  </Text>
                )}
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <Text size="sm" c="dimmed">
                  {meterInfo[meter]?.help}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed" p="sm">
        Counted up to {moment(meteredTo)}: hours are closed some minutes after their end. Days are in UTC.
      </Text>
    </Card>
  );
}

const daily: [string, string[]][] = [
  ['Time of servers', ['running_time', 'stopped_time', 'frozen_time', 'suspended_time', 'error_time']],
  ['Traffic', ['traffic_out', 'traffic_in']],
  ['Processor time', ['cpu']],
  ['Memory and disk', ['allocated_ram', 'allocated_disk', 'snapshot_storage']],
];

function Days({ rows }: { rows: UsageRow[] }) {
  return (
    <Card title="Day by day">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" verticalSpacing="xl">
        {daily.map(([title, meters]) => {
          const series = meters
            .map((meter) => ({
              name: meter,
              label: meterInfo[meter]!.label,
              points: rows
                .filter((row) => row.meter === meter && row.day !== null)
                .sort((a, b) => a.day!.localeCompare(b.day!))
                .map((row) => [Date.parse(row.day!) / 1000, meterAmount(meter, row.quantity)] as const),
            }))
            .filter(({ points }) => points.some(([, value]) => value > 0));
          if (series.length === 0) return null;
          return (
            <Stack key={title} gap={6}>
              <Text component="h3" size="sm" fw={650} m={0}>
                {title}
              </Text>
              <TimeChart
                label={`${title} by day`}
                series={series}
                kind="bars"
                format={meterInfo[meters[0]!]!.format}
              />
            </Stack>
          );
        })}
      </SimpleGrid>
    </Card>
  );
}
