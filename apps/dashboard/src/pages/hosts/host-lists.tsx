import { IconActivity, IconBox, IconCompass } from '@tabler/icons-react';
import { listRows } from '../../api/rows';
import type { DriftFinding, Host, Operation, Server } from '../../api/types';
import { Card } from '../../components/page';
import { ResourceTable } from '../../components/resource-table';
import { EmptyState } from '../../components/states';
import { driftColumns } from '../drift/drift-columns';
import { operationColumns } from '../operations/operation-columns';
import { serverColumns } from '../servers/server-columns';

export function HostServers({ host }: { host: Host }) {
  return (
    <Card flush>
      <ResourceTable
        label={`Servers on ${host.name}`}
        columns={serverColumns({ tenant: true, host: false }).map((column) => ({
          ...column,
          sort: undefined,
        }))}
        rows={listRows<Server>('/v1/servers', { host_id: host.id, sort: 'name:asc' })}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon={IconBox} title="No server on it">
            New servers are placed on the hosts of their location by how much room there is.
          </EmptyState>
        }
      />
    </Card>
  );
}

export function HostJobs({ host }: { host: Host }) {
  return (
    <Card flush>
      <ResourceTable
        label={`Jobs on ${host.name}`}
        columns={operationColumns(['server', 'tenant'])}
        rows={listRows<Operation>('/v1/operations', { host_id: host.id })}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon={IconActivity} title="Nothing was done on it">
            Its enrolment, and everything that is done to its servers, will be here.
          </EmptyState>
        }
      />
    </Card>
  );
}

export function HostDrift({ host }: { host: Host }) {
  return (
    <Card flush>
      <ResourceTable
        label={`Drift of ${host.name}`}
        columns={driftColumns({ host: false })}
        rows={listRows<DriftFinding>('/v1/drift', { host_id: host.id })}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon={IconCompass} title="It is as it should be">
            What is on the host and the database doesn’t know, or the other way round, would be here.
          </EmptyState>
        }
      />
    </Card>
  );
}
