import { Code, Modal, Stack, Text } from '@mantine/core';
import type { AuditEvent } from '../../api/types';
import { CopyValue } from '../../components/copy-value';
import { Facts } from '../../components/facts';
import { PageLink } from '../../components/page-link';
import { TenantLink } from '../../components/reference';
import { moment } from '../../format/times';
import { words } from '../../format/words';
import { ActorName } from './actor-name';
import { AuditTarget } from './audit-target';

/** One entry, with all that was written down. */
export function AuditEventDetails({ event, onClose }: { event: AuditEvent; onClose: () => void }) {
  const details = Object.entries(event.details);
  return (
    <Modal opened onClose={onClose} title={event.action} size="lg">
      <Stack>
        <Facts
          facts={[
            ['When', moment(event.at)],
            ['By', <ActorName key="by" actor={event.actor} role={event.role} />],
            ['Target', <AuditTarget key="target" target={event.target} />],
            ['Tenant', event.tenant_id && <TenantLink key="tenant" id={event.tenant_id} />],
            ['Actor’s id', <CopyValue key="actor" value={event.actor} />],
            [
              'Request',
              <span key="request">
                <CopyValue value={event.request_id} />{' '}
                <PageLink to="/audit" search={{ request_id: event.request_id }} label="All of it" />
              </span>,
            ],
          ]}
        />
        <Text size="sm" fw={650}>
          Details
        </Text>
        {details.length === 0 ? (
          <Text size="sm" c="dimmed">
            Nothing else was written down.
          </Text>
        ) : (
          <Facts
            facts={details.map(([name, value]) => [
              words(name),
              <Detail key={name} name={name} value={value} />,
            ])}
          />
        )}
      </Stack>
    </Modal>
  );
}

function Detail({ name, value }: { name: string; value: unknown }) {
  if (name === 'operation_id' && typeof value === 'string') {
    return <PageLink to={`/operations/${value}`} label="The job" />;
  }
  if (value === null) return <>none</>;
  if (typeof value === 'boolean') return <>{value ? 'yes' : 'no'}</>;
  if (typeof value !== 'object') return <>{String(value)}</>;
  if (Object.keys(value).length === 0) return <>none</>;
  return <Code block>{JSON.stringify(value, null, 2)}</Code>;
}
