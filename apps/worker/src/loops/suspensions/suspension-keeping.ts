import {
  activeOperationOf,
  createOperation,
  createOperationInLine,
  findUnsettledSuspensions,
  followSuspension,
  inTransaction,
  lockFreeServer,
  newId,
  recordAudit,
  refusalOf,
  reserveSnapshot,
  type ServerEntity,
} from '@berth/database';
import { BerthError } from '@berth/domain';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

const BATCH = 100;
/** Between two tries, ms: each has been tried eight times by its operation. */
const REST_MS = 60_000;
const REQUESTER = { requestedBy: 'system', requestId: 'suspensions' };

/** Makes what billing wants of servers come true where nobody is at it: see docs/architecture/billing.md. */
@Injectable()
export class SuspensionKeeping {
  constructor(private readonly dataSource: DataSource) {}

  /** One round; gives the number of operations that it asked for. Any number of workers may do it at once. */
  async keep(restMs = REST_MS): Promise<number> {
    let asked = 0;
    for (const { id, need } of await findUnsettledSuspensions(this.dataSource.manager, BATCH, restMs)) {
      const done = await inTransaction(this.dataSource, async (em) => {
        const server = await lockFreeServer(em, id);
        // Looked at again under the lock, while which no operation begins.
        if (!server || server.deletedAt || (await activeOperationOf(em, id))) return false;
        return this[need](em, server);
      });
      if (done) asked += 1;
    }
    return asked;
  }

  private async follow(em: EntityManager, server: ServerEntity): Promise<boolean> {
    const wanted = Object.keys(server.suspension).length > 0;
    if (wanted === (server.status === 'suspended')) return false;
    const operation = await followSuspension(em, server, null, REQUESTER);
    await this.audit(em, server, wanted ? 'server.suspend' : 'server.unsuspend', operation.id);
    return true;
  }

  private async delete(em: EntityManager, server: ServerEntity): Promise<boolean> {
    if (!server.terminateAt || +server.terminateAt > Date.now()) return false;
    const operation = await createOperationInLine(em, {
      ...ofSystem(server),
      kind: 'delete_server',
      input: {},
    });
    await this.audit(em, server, 'server.delete', operation.id);
    return true;
  }

  /** Where the tenant may have no more of them its termination goes on without: that it does is on record. */
  private async snapshot(em: EntityManager, server: ServerEntity): Promise<boolean> {
    if (!server.finalSnapshot || server.status !== 'suspended') return false;
    await em.query('UPDATE servers SET final_snapshot = false WHERE id = $1', [server.id]);
    const id = newId();
    await em.query('SAVEPOINT final_snapshot');
    try {
      await reserveSnapshot(em, server, { id, name: `final-${id.slice(-12)}`, memory: false });
    } catch (error) {
      const refusal = error instanceof BerthError ? error : refusalOf(error);
      if (!refusal || refusal.code === 'unavailable') throw error;
      await em.query('ROLLBACK TO SAVEPOINT final_snapshot');
      await this.audit(em, server, 'server.final_snapshot_skipped', null, refusal.message);
      return false;
    }
    const input = { snapshot_id: id, memory: false };
    const operation = await createOperation(em, { ...ofSystem(server), kind: 'create_snapshot', input });
    await this.audit(em, server, 'server.create_snapshot', operation.id);
    return true;
  }

  private audit(
    em: EntityManager,
    server: ServerEntity,
    action: string,
    operationId: string | null,
    why?: string,
  ): Promise<void> {
    return recordAudit(em, {
      actor: 'system',
      role: 'system',
      tenantId: server.tenantId,
      action,
      targetType: 'server',
      targetId: server.id,
      requestId: REQUESTER.requestId,
      details: { ...(operationId && { operation_id: operationId }), ...(why && { why }) },
    });
  }
}

const ofSystem = ({ id: serverId, hostId, tenantId }: ServerEntity) => ({
  serverId,
  hostId,
  tenantId,
  ...REQUESTER,
});
