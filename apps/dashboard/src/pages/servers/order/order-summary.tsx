import { Button, Divider, Group, Stack, Text } from '@mantine/core';
import type { Plan } from '../../../api/types';
import { Card } from '../../../components/page';
import { QuotaBars } from '../../../components/quota-bars';
import { ErrorAlert } from '../../../components/states';
import { demandOf, limitsInShort } from '../../../format/limits';
import { capText, hourText } from '../../../format/prices';
import { sshKeyLines } from '../../../format/ssh-keys';
import { isStaff } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import type { OrderFields } from './use-order';

interface OrderSummaryProps {
  fields: OrderFields;
  plan: Plan | null;
  busy: boolean;
  error: unknown;
}

/** What is ordered, what it costs, and what of the quota it takes. */
export function OrderSummary({ fields, plan, busy, error }: OrderSummaryProps) {
  const staff = isStaff(useSession());
  const keysFine = sshKeyLines(fields.keys).every(({ problem }) => problem === null);
  const ready = Boolean(fields.name && plan && fields.template && keysFine && (!staff || fields.tenantId));
  return (
    <Card title="Your order">
      <Stack gap="sm">
        {plan && (
          <div>
            <Text fw={600}>
              {plan.name} with {fields.template}
            </Text>
            <Text size="sm" c="dimmed">
              {limitsInShort(plan.limits)}
            </Text>
          </div>
        )}
        {plan?.price && (
          <Group justify="space-between" align="baseline">
            <Text size="xl" fw={650}>
              {capText(plan.price)}
            </Text>
            <Text size="sm" c="dimmed">
              {hourText(plan.price)}
            </Text>
          </Group>
        )}
        <Text size="xs" c="dimmed">
          Billed by the hour for as long as the server exists, also while it is stopped.
        </Text>
        {plan && (!staff || fields.tenantId) && (
          <>
            <Divider label="Quota, with this order" labelPosition="left" />
            <QuotaBars
              tenantId={fields.tenantId}
              more={{ servers: 1, ...demandOf(plan.limits), ipv4: fields.ipv4 }}
              columns={1}
            />
          </>
        )}
        <ErrorAlert error={error} title="The order was refused" />
        <Button type="submit" size="md" loading={busy} disabled={!ready}>
          Order
        </Button>
        {staff && !fields.tenantId && (
          <Text size="xs" c="dimmed">
            Choose first whose it will be.
          </Text>
        )}
      </Stack>
    </Card>
  );
}
