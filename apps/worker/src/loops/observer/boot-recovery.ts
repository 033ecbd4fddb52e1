import type { ServerStatus } from '@berth/contracts';
import { createOperation, inTransaction } from '@berth/database';
import { serverNumberOf } from '@berth/domain';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { HostRecord } from '../../hosts/host-record';
import { lockIdleServer, moveServer } from './observed-changes';
import type { TakenSnapshot } from './snapshot-comparer';

interface ServerRow {
  id: string;
  number: string;
  status: ServerStatus;
  busy: boolean;
}

/** Creating and suspended servers are not the observer's to move. */
const SERVERS_SQL = `
  SELECT s.id, s.number, s.status,
         EXISTS (SELECT FROM operations o WHERE o.server_id = s.id AND o.status IN ('pending','running')) AS busy
    FROM servers s
   WHERE s.host_id = $1 AND s.deleted_at IS NULL AND s.status IN ('running','stopped','frozen','error')
   ORDER BY s.boot_order, s.created_at, s.id`;

/** After a host's boot: starts the servers that shall run. */
@Injectable()
export class BootRecovery {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Deals with each server of the host that is not in `handled` yet, and adds it there. `waiting`: a server is in the
   * middle of an operation, and is left for later; that it is stopped is then the crash's doing still, not its owner's.
   * `again`: an operation has only just ended, so that this snapshot is too old; look again soon.
   */
  async recover(
    host: HostRecord,
    snapshot: TakenSnapshot,
    handled: Set<string>,
  ): Promise<'done' | 'waiting' | 'again'> {
    const stateOf = new Map(snapshot.containers.map(({ id, state }) => [serverNumberOf(id), state]));
    const servers: ServerRow[] = await this.dataSource.query(SERVERS_SQL, [host.id]);
    for (const server of servers) {
      if (handled.has(server.id) || server.busy) continue;
      const isDown = stateOf.get(Number(server.number)) === 'stopped';
      // Those behind it in the order wait as well.
      if (isDown && !(await this.revive(host, server.id, snapshot))) return 'again';
      handled.add(server.id);
    }
    return servers.every(({ id }) => handled.has(id)) ? 'done' : 'waiting';
  }

  /** False: an operation got in between. */
  private revive(host: HostRecord, serverId: string, snapshot: TakenSnapshot): Promise<boolean> {
    return inTransaction(this.dataSource, async (em) => {
      const server = await lockIdleServer(em, serverId, host.id, snapshot);
      if (!server) return false;
      if (server.status !== 'stopped')
        await moveServer(em, server, { status: 'stopped' }, 'its host has booted');
      if (server.desiredState !== 'running' || !server.onboot) return true;
      await createOperation(em, {
        kind: 'start_server',
        serverId,
        hostId: host.id,
        tenantId: server.tenantId,
        requestedBy: 'system',
        requestId: `boot-${snapshot.bootId}`,
        input: {},
      });
      return true;
    });
  }
}
