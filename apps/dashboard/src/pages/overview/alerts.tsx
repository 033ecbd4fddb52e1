import { Anchor, Group, Stack, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Alert } from '../../api/types';
import { Card } from '../../components/page';
import { StatusBadge } from '../../components/status-badge';
import { When } from '../../components/when';

/** What an operator should look at, each with a link to where something is done about it. */
export function Alerts({ alerts }: { alerts: Alert[] }) {
  if (alerts.length === 0) {
    return (
      <Card>
        <Group gap="xs" wrap="nowrap">
          <IconCircleCheck size={20} color="light-dark(#1f8a58, #3cb97e)" aria-hidden />
          <Text size="sm">Nothing wants attention: every host answers, and jobs are done as they come.</Text>
        </Group>
      </Card>
    );
  }
  return (
    <Card title={alerts.length === 1 ? '1 alert' : `${alerts.length} alerts`}>
      <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: 'none' }}>
        {alerts.map((alert) => (
          <Group
            key={`${alert.code} ${alert.target.id} ${alert.message}`}
            component="li"
            gap="sm"
            wrap="nowrap"
            align="flex-start"
          >
            <StatusBadge status={alert.severity} />
            <Text size="sm" style={{ flex: 1, overflowWrap: 'anywhere' }}>
              {alert.message}
              {alert.since && (
                <Text span size="xs" c="dimmed">
                  {' '}
                  since <When at={alert.since} />
                </Text>
              )}
            </Text>
            <Where alert={alert} />
          </Group>
        ))}
      </Stack>
    </Card>
  );
}

function Where({ alert }: { alert: Alert }) {
  const { to, search, label } = placeOf(alert);
  return (
    <Anchor component={Link} to={to} search={search as never} size="sm" style={{ whiteSpace: 'nowrap' }}>
      {label}
    </Anchor>
  );
}

interface Place {
  to: string;
  search?: Record<string, string>;
  label: string;
}

/** The page on which one acts. */
function placeOf({ code, target: { type, id } }: Alert): Place {
  if (code === 'operations_failed')
    return { to: '/operations', search: { status: 'failed' }, label: 'Failed jobs' };
  if (code === 'operations_pending_long')
    return { to: '/operations', search: { status: 'pending' }, label: 'Waiting jobs' };
  if (code === 'operations_stalled')
    return { to: '/operations', search: { status: 'running' }, label: 'Running jobs' };
  switch (type) {
    case 'host':
      return id ? { to: `/hosts/${id}`, label: 'The host' } : { to: '/hosts', label: 'Hosts' };
    case 'drift':
      return { to: '/drift', label: 'Drift' };
    case 'location':
      return { to: '/ip-pools', label: 'Address pools' };
    case 'webhook':
      return { to: '/webhooks', label: 'Webhooks' };
    case 'usage':
      return { to: '/usage', label: 'Usage' };
    default:
      return { to: '/operations', label: 'Jobs' };
  }
}
