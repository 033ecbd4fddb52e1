import { Anchor, Group, TextInput } from '@mantine/core';
import { IconListDetails } from '@tabler/icons-react';
import { useState } from 'react';
import { listRows } from '../../api/rows';
import type { AuditEvent } from '../../api/types';
import { OneFilter } from '../../components/filters';
import { Card, Page } from '../../components/page';
import { TenantLink } from '../../components/reference';
import { type Column, ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { TenantSelect } from '../../components/tenant-select';
import { useFilters } from '../../components/use-filters';
import { When } from '../../components/when';
import { words } from '../../format/words';
import { AuditEventDetails } from './audit-event';
import { AuditTarget, TARGET_TYPES } from './audit-target';
import { ActorName } from './actor-name';

const FILTERS = ['action', 'actor', 'target_type', 'target_id', 'tenant_id', 'request_id'] as const;

/** What the API takes: a filter that is half typed is not asked for. */
const complete: Partial<Record<(typeof FILTERS)[number], RegExp>> = {
  action: /^[a-z_]+(\.[a-z_]+)?$/,
  actor: /^(system|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i,
  target_id: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  request_id: /^[A-Za-z0-9._:-]{1,128}$/,
};

const texts = [
  ['action', 'Action', 'such as server.create'],
  ['actor', 'By', 'id of a token, or system'],
  ['target_id', 'Target', 'id'],
  ['request_id', 'Request', 'id'],
] as const;

/** Who did what, when: nothing that changes anything is missing. */
export function AuditPage() {
  const [filters, setFilters] = useFilters();
  const [shown, setShown] = useState<AuditEvent | null>(null);
  const query = Object.fromEntries(
    FILTERS.map((name) => {
      const value = filters[name];
      return [name, value && (complete[name]?.test(value) ?? true) ? value : undefined];
    }),
  );
  const filtered = FILTERS.some((name) => filters[name]);
  return (
    <Page
      title="Audit"
      description="Who did what, and when: every change through the API, and how the jobs ended that it asked for."
    >
      <Card flush>
        <Group p="sm" gap="sm" align="flex-end">
          {texts.map(([name, label, placeholder]) => (
            <TextInput
              key={name}
              label={label}
              placeholder={placeholder}
              value={filters[name] ?? ''}
              error={
                filters[name] && !complete[name]!.test(filters[name]) ? `not yet ${placeholder}` : undefined
              }
              autoComplete="off"
              onChange={(event) => setFilters({ [name]: event.currentTarget.value.trim() || undefined })}
              w={{ base: '100%', xs: 190 }}
            />
          ))}
          <OneFilter
            label="Any target"
            choices={TARGET_TYPES.map((value) => ({ value, label: words(value) }))}
            value={filters.target_type}
            onChange={(chosen) => setFilters({ target_type: chosen })}
          />
          <TenantSelect
            label="Any tenant"
            hiddenLabel
            placeholder="Any tenant"
            value={filters.tenant_id}
            onChange={(chosen) => setFilters({ tenant_id: chosen })}
          />
        </Group>
        <ResourceTable
          label="Audit events"
          columns={columnsOf(setShown)}
          rows={listRows<AuditEvent>('/v1/audit_events', query)}
          rowKey={({ id }) => id}
          empty={
            filtered ? (
              <EmptyState icon={IconListDetails} title="No such entry">
                Nothing of the kind was done: take a filter away.
              </EmptyState>
            ) : (
              <EmptyState icon={IconListDetails} title="Nothing was done yet">
                Whatever anybody changes will be here, with who it was.
              </EmptyState>
            )
          }
        />
      </Card>
      {shown && <AuditEventDetails event={shown} onClose={() => setShown(null)} />}
    </Page>
  );
}

const columnsOf = (show: (event: AuditEvent) => void): Column<AuditEvent>[] => [
  {
    header: 'What',
    cell: (event) => (
      <Anchor component="button" size="sm" fw={550} onClick={() => show(event)}>
        {event.action}
        {typeof event.details.kind === 'string' && `: ${words(event.details.kind).toLowerCase()}`}
      </Anchor>
    ),
  },
  { header: 'Target', cell: ({ target }) => <AuditTarget target={target} /> },
  { header: 'By', cell: ({ actor, role }) => <ActorName actor={actor} role={role} />, from: 'sm' },
  { header: 'Tenant', cell: ({ tenant_id }) => tenant_id && <TenantLink id={tenant_id} />, from: 'md' },
  { header: 'When', cell: ({ at }) => <When at={at} /> },
];
