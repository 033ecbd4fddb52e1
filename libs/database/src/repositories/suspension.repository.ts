import type {
  OperationKind,
  Suspension,
  SuspensionCause,
  SuspensionPolicy,
  Suspensions,
} from '@berth/contracts';
import type { EntityManager } from 'typeorm';
import type { OperationEntity } from '../entities/operation.entity';
import { ServerEntity } from '../entities/server.entity';
import { recordInstantOperation } from './instant-operation.repository';
import { createOperationBehind, type NewOperation } from './operation.repository';

/** Given to a guest to shut down, seconds, before it is killed. */
const STOP_TIMEOUT_S = 30;

export type SuspendedServer = Pick<
  ServerEntity,
  'id' | 'hostId' | 'tenantId' | 'status' | 'desiredState' | 'suspension'
>;

/** Who wants it, for the operation. */
export type Requester = Pick<NewOperation, 'requestedBy' | 'requestId'>;

/** The strictest of its causes; null: none. */
export function policyOf(suspensions: Suspensions): SuspensionPolicy | null {
  const policies = Object.values(suspensions).map(({ policy }) => policy);
  return policies.length === 0 ? null : policies.includes('stop') ? 'stop' : 'network';
}

/** What a server is suspended for, and until when; its row must be locked. */
interface Mark {
  suspension: Suspensions;
  terminateAt?: Date | null;
  finalSnapshot?: boolean;
}

async function mark(em: EntityManager, server: SuspendedServer, change: Mark): Promise<void> {
  await em.update(ServerEntity, { id: server.id }, change as never);
  Object.assign(server, change);
}

/** Adds a cause, or says more of it; when it began stays. The operation that makes it so is `followSuspension`'s. */
export function addSuspension(
  em: EntityManager,
  server: SuspendedServer,
  cause: SuspensionCause,
  {
    reason,
    policy,
    termination,
  }: Omit<Suspension, 'since'> & { termination?: { at: Date; snapshot: boolean } },
): Promise<void> {
  const since = server.suspension[cause]?.since ?? new Date().toISOString();
  const suspension = { ...server.suspension, [cause]: { reason, policy, since } };
  return mark(em, server, {
    suspension,
    ...(termination && { terminateAt: termination.at, finalSnapshot: termination.snapshot }),
  });
}

/** Takes causes back; with that of a termination its time. */
export function dropSuspensions(
  em: EntityManager,
  server: SuspendedServer,
  causes: readonly SuspensionCause[],
): Promise<void> {
  const kept = Object.entries(server.suspension).filter(([cause]) => !(causes as string[]).includes(cause));
  return mark(em, server, {
    suspension: Object.fromEntries(kept),
    ...(causes.includes('termination') && { terminateAt: null, finalSnapshot: false }),
  });
}

/**
 * The operation that brings a server's status to what its suspension says, behind what is under way; one that has succeeded
 * already where there is nothing to do. `before`: the policy that held so far. The server's row must be locked.
 */
export async function followSuspension(
  em: EntityManager,
  server: SuspendedServer,
  before: SuspensionPolicy | null,
  requester: Requester,
): Promise<OperationEntity> {
  const policy = policyOf(server.suspension);
  const of = { serverId: server.id, hostId: server.hostId, tenantId: server.tenantId, ...requester };
  const fresh = policy
    ? ({ ...of, kind: 'suspend_server', input: { policy, timeout_s: STOP_TIMEOUT_S } } as const)
    : ({ ...of, kind: 'unsuspend_server', input: { start: server.desiredState === 'running' } } as const);
  const isSo = policy ? server.status === 'suspended' && policy === before : server.status !== 'suspended';
  if (isSo && !(await isUnderWay(em, server.id))) return recordInstantOperation(em, fresh);
  return createOperationBehind(em, fresh, policy ? 'unsuspend_server' : 'suspend_server');
}

/** What is on its way may bring another status than the server's row has now. */
async function isUnderWay(em: EntityManager, serverId: string): Promise<boolean> {
  const rows: unknown[] = await em.query(
    `SELECT FROM operations WHERE server_id = $1 AND status IN ('pending','running')
        AND kind IN ('create_server','clone_server','suspend_server','unsuspend_server') LIMIT 1`,
    [serverId],
  );
  return rows.length > 0;
}

/** A server whose row is locked, if nobody else holds it, with what its suspension asks for. */
export async function lockFreeServer(em: EntityManager, id: string): Promise<ServerEntity | null> {
  return em.findOne(ServerEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
  });
}

/** Nothing is under way, and no such operation ended within `$2` ms. */
const idle = (...kinds: OperationKind[]) => `
  NOT EXISTS (SELECT FROM operations o WHERE o.server_id = s.id AND o.status IN ('pending','running'))
  AND NOT EXISTS (SELECT FROM operations o WHERE o.server_id = s.id AND o.kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')})
                     AND o.finished_at > clock_timestamp() - $2 * interval '1 ms')`;

/**
 * Servers of which what billing wants is not so, nothing is under way, and no try of it ended within `restMs`: those to be
 * suspended or let go, those to be deleted, and those of which a last snapshot is to be taken.
 */
export async function findUnsettledSuspensions(
  em: EntityManager,
  limit: number,
  restMs: number,
): Promise<{ id: string; need: 'follow' | 'delete' | 'snapshot' }[]> {
  return em.query(
    `SELECT s.id, 'follow' AS need FROM servers s
      WHERE s.deleted_at IS NULL AND (s.suspension <> '{}') IS DISTINCT FROM (s.status = 'suspended') AND s.status <> 'creating'
        AND ${idle('suspend_server', 'unsuspend_server')}
     UNION ALL
     SELECT s.id, 'delete' FROM servers s
      WHERE s.deleted_at IS NULL AND s.terminate_at <= now() AND ${idle('delete_server')}
     UNION ALL
     SELECT s.id, 'snapshot' FROM servers s
      WHERE s.deleted_at IS NULL AND s.terminate_at > now() AND s.final_snapshot AND s.status = 'suspended'
        AND NOT EXISTS (SELECT FROM operations o WHERE o.server_id = s.id AND o.status IN ('pending','running'))
     LIMIT $1`,
    [limit, restMs],
  );
}
