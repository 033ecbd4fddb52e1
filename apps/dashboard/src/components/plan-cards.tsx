import { Group, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import type { Plan } from '../api/types';
import { bitRate, bytes } from '../format/amounts';
import { cpusText } from '../format/limits';
import { capText, hourText, trafficText } from '../format/prices';
import classes from './plan-cards.module.css';

interface PlanCardsProps {
  plans: Plan[];
  value: string | null;
  onChange: (name: string) => void;
  /** Its plan now, which is told apart. */
  current?: string;
}

/** Plans side by side: what each gives, and what it costs. */
export function PlanCards({ plans, value, onChange, current }: PlanCardsProps) {
  return (
    <Radio.Group value={value} onChange={onChange} aria-label="Plan">
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing="sm">
        {plans.map((plan) => (
          <PlanCard key={plan.id} plan={plan} current={plan.name === current} />
        ))}
      </SimpleGrid>
    </Radio.Group>
  );
}

function PlanCard({ plan, current }: { plan: Plan; current: boolean }) {
  const { name, limits, price } = plan;
  const facts: [string, string][] = [
    ['Processor', cpusText(limits)],
    ['Memory', limits.ram_bytes === null ? 'no limit' : bytes(limits.ram_bytes)],
    ['Disk', limits.disk_bytes === null ? 'no limit' : bytes(limits.disk_bytes)],
  ];
  if (limits.swap_bytes) facts.push(['Swap', bytes(limits.swap_bytes)]);
  if (limits.net_rate_out_bps) facts.push(['Network', bitRate(limits.net_rate_out_bps)]);
  return (
    <Radio.Card value={name} className={classes.card} p="md" aria-label={`${name}: ${plan.description}`}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Text fw={650}>{name}</Text>
            {current && (
              <Text size="xs" c="dimmed">
                its plan now
              </Text>
            )}
          </div>
          <Radio.Indicator aria-hidden />
        </Group>
        <div>
          {price ? (
            <>
              <Text size="lg" fw={650} lh={1.3} style={{ whiteSpace: 'nowrap' }}>
                {price.monthly_cap_micros === null ? hourText(price) : capText(price)}
              </Text>
              <Text size="xs" c="dimmed">
                {price.monthly_cap_micros === null ? 'no monthly cap' : `at most; ${hourText(price)}`}
              </Text>
            </>
          ) : (
            <Text size="sm" c="dimmed">
              not billed
            </Text>
          )}
        </div>
        <dl className={classes.facts}>
          {facts.map(([label, text]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        {price && (
          <Text size="xs" c="dimmed">
            {trafficText(price)}
          </Text>
        )}
      </Stack>
    </Radio.Card>
  );
}
