import type { CreateSnapshotBody, ListSnapshotsQuery, OperationView, SnapshotView } from '@berth/contracts';
import { cloneUnderWayOf, newId, reserveSnapshot, ServerEntity, SnapshotEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { scopeOfList } from '../auth/tenant-scope';
import { CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import type { RequestContext } from '../http/request-context';
import { presentNewOperation } from '../operations/operation-presenter';
import { assertHostCan } from '../servers/host-abilities';
import { findServer, lockServer } from '../servers/server-lookup';
import { type ActionAnswer, requestOperation } from '../servers/server-operation';
import { assertAvailable, findSnapshot, lockSnapshotAndServer } from './snapshot-lookup';
import { presentSnapshot, presentSnapshots } from './snapshot-presenter';

type NewSnapshotAnswer = { snapshot: SnapshotView; operation: OperationView };

const SORTABLE = {
  created_at: 'snapshot.createdAt',
  name: 'snapshot.name',
  size_bytes: 'snapshot.sizeBytes',
  id: 'snapshot.id',
} as const;

/** Snapshots: each change is an operation of the server that they are of. */
@Injectable()
export class SnapshotsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  async list({ caller }: RequestContext, query: ListSnapshotsQuery) {
    const em = this.dataSource.manager;
    const found = em.createQueryBuilder(SnapshotEntity, 'snapshot').where('snapshot.deletedAt IS NULL');
    const tenantId = scopeOfList(caller, query.tenant_id);
    if (tenantId) found.andWhere('snapshot.tenantId = :tenantId', { tenantId });
    if (query.server) {
      const { id } = await findServer(em, caller, query.server);
      found.andWhere('snapshot.serverId = :id', { id });
    }
    if (query.name) found.andWhere('snapshot.name = :name', { name: query.name });
    if (query.status) found.andWhere('snapshot.status = :status', { status: query.status });
    const newestFirst = { field: 'created_at', direction: 'desc' } as const;
    const { rows, pagination } = await listPage(found, query, SORTABLE, newestFirst);
    return { snapshots: await presentSnapshots(em, rows), meta: { pagination } };
  }

  async get({ caller }: RequestContext, reference: string) {
    const em = this.dataSource.manager;
    return { snapshot: await presentSnapshot(em, await findSnapshot(em, caller, reference)) };
  }

  /** Throws `quota_exceeded`, `uniqueness_error`, `unsupported`, `conflict` for the memory of what doesn't run. */
  create(context: RequestContext, reference: string, body: CreateSnapshotBody): Promise<NewSnapshotAnswer> {
    const id = newId();
    const { memory, name = nameOf(id) } = body;
    return this.commands.run(context, async (em) => {
      const server = await lockServer(em, context.caller, reference);
      const input = { snapshot_id: id, memory };
      const operation = await requestOperation(em, context, server, 'create_snapshot', input);
      if (memory && server.status !== 'running') {
        const message = `a server that is ${server.status} has no processes to keep: take the snapshot without memory`;
        throw new BerthError('conflict', message, { status: server.status, allowed: ['running'] });
      }
      await assertHostCan(em, server, memory ? ['snapshots', 'snapshots:memory'] : ['snapshots']);
      const snapshot = await reserveSnapshot(em, server, { id, name, memory });
      const answer = {
        snapshot: await presentSnapshot(em, snapshot),
        operation: presentNewOperation(operation, context.caller),
      };
      return { body: answer };
    });
  }

  /** Throws `locked` while its server is under way in an operation, or a clone of it is being made. */
  delete(context: RequestContext, reference: string): Promise<ActionAnswer> {
    return this.commands.run(context, async (em) => {
      const { snapshot, server } = await lockSnapshotAndServer(em, context.caller, reference);
      const previous = snapshot.status === 'error' ? 'error' : 'available';
      const input = { snapshot_id: snapshot.id, previous } as const;
      const operation = await requestOperation(em, context, server, 'delete_snapshot', input);
      const clone = await cloneUnderWayOf(em, snapshot.id);
      if (clone) {
        const message = `a clone of the snapshot is being made (operation ${clone})`;
        throw new BerthError('locked', message, { operation_id: clone });
      }
      await em.update(SnapshotEntity, { id: snapshot.id }, { status: 'deleting' });
      return { body: { operation: presentNewOperation(operation, context.caller) } };
    });
  }

  /**
   * What was written since is lost. The server runs afterwards if it was to run before, or goes on with the snapshot's
   * processes; its settings stay. Throws `protected`: what must not be deleted must not be overwritten either.
   */
  rollback(context: RequestContext, reference: string, withMemory: boolean): Promise<ActionAnswer> {
    return this.commands.run(context, async (em) => {
      const { snapshot, server } = await lockSnapshotAndServer(em, context.caller, reference);
      if (server.protectionDelete) {
        const message = `${server.name} is protected, and a rollback deletes what was written since: change_protection {"delete": false} first`;
        throw new BerthError('protected', message, { protection: { delete: true } });
      }
      const memory = snapshot.memory && withMemory;
      const start = memory || (server.desiredState === 'running' && !server.checkpointed);
      const input = { snapshot_id: snapshot.id, memory, start };
      const operation = await requestOperation(em, context, server, 'rollback_snapshot', input);
      assertAvailable(snapshot);
      await em.update(ServerEntity, { id: server.id }, { desiredState: start ? 'running' : 'stopped' });
      return { body: { operation: presentNewOperation(operation, context.caller) } };
    });
  }
}

/** By the second, and different for two of one second. */
function nameOf(id: string): string {
  const [day, time] = new Date().toISOString().slice(0, 19).split('T') as [string, string];
  return `${day}-${time.replaceAll(':', '')}-${id.slice(-4)}`;
}
