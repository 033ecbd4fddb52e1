import { ActionIcon, Menu } from '@mantine/core';
import { IconCopy, IconDots, IconRestore, IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { listRows } from '../../api/rows';
import type { Snapshot } from '../../api/types';
import { ServerLink, TenantLink } from '../../components/reference';
import { type Column, ResourceTable } from '../../components/resource-table';
import { StatusBadge } from '../../components/status-badge';
import { When } from '../../components/when';
import { bytes } from '../../format/amounts';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { CloneDialog } from './clone-dialog';
import { DeleteSnapshotDialog, RollbackDialog } from './snapshot-dialogs';

interface SnapshotListProps {
  /** Of one server; of all where it is not given. */
  serverId?: string;
  query?: Record<string, string | undefined>;
  /** With whose it is. */
  tenants?: boolean;
  sort?: string;
  onSort?: (sort: string) => void;
  empty: ReactNode;
  height?: string;
}

const dialogs = { rollback: RollbackDialog, clone: CloneDialog, delete: DeleteSnapshotDialog };
type Asked = { name: keyof typeof dialogs; snapshot: Snapshot };

/** Snapshots with all that can be done with them. */
export function SnapshotList({
  serverId,
  query = {},
  tenants,
  sort,
  onSort,
  empty,
  height,
}: SnapshotListProps) {
  const write = mayWrite(useSession());
  const [asked, setAsked] = useState<Asked | null>(null);
  const parameters = { ...query, ...(serverId && { server: serverId }), ...(sort && { sort }) };
  const columns: (Column<Snapshot> | false | undefined)[] = [
    { header: 'Name', sort: 'name', cell: ({ name }) => name },
    !serverId && { header: 'Server', cell: ({ server_id }) => <ServerLink id={server_id} /> },
    { header: 'State', cell: ({ status }) => <StatusBadge status={status} />, from: 'sm' },
    {
      header: 'Holds',
      cell: ({ memory }) => (memory ? 'files and memory' : 'files'),
      from: 'md',
    },
    { header: 'Size', sort: 'size_bytes', cell: ({ size_bytes }) => bytes(size_bytes), end: true },
    tenants && { header: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} />, from: 'md' },
    { header: 'Taken', sort: 'created_at', cell: ({ created_at }) => <When at={created_at} />, from: 'sm' },
    write && {
      header: 'Do',
      end: true,
      cell: (snapshot) => <RowMenu snapshot={snapshot} onAsk={(name) => setAsked({ name, snapshot })} />,
    },
  ];
  const Dialog = asked && dialogs[asked.name];
  return (
    <>
      <ResourceTable
        label="Snapshots"
        columns={columns.filter((column) => column !== false && column !== undefined)}
        rowKey={({ id }) => id}
        rows={listRows<Snapshot>('/v1/snapshots', parameters)}
        sort={sort}
        onSort={onSort}
        empty={empty}
        height={height}
      />
      {Dialog && asked && <Dialog snapshot={asked.snapshot} onClose={() => setAsked(null)} />}
    </>
  );
}

function RowMenu({ snapshot, onAsk }: { snapshot: Snapshot; onAsk: (name: Asked['name']) => void }) {
  const usable = snapshot.status === 'available';
  const deletable = usable || snapshot.status === 'error';
  if (!deletable) return null;
  return (
    <Menu position="bottom-end" width={210}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`What to do with ${snapshot.name}`}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {usable && (
          <>
            <Menu.Item leftSection={<IconRestore size={16} aria-hidden />} onClick={() => onAsk('rollback')}>
              Roll back to it…
            </Menu.Item>
            <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => onAsk('clone')}>
              New server from it…
            </Menu.Item>
            <Menu.Divider />
          </>
        )}
        <Menu.Item
          leftSection={<IconTrash size={16} aria-hidden />}
          c="var(--mantine-color-error)"
          onClick={() => onAsk('delete')}
        >
          Delete…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
