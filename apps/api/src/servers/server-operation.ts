import type { OperationInput, OperationView } from '@berth/contracts';
import { createOperation, ServerEntity, type NewOperation, type OperationEntity } from '@berth/database';
import { assertTransition, BerthError, serverTransitions, type ServerOperationKind } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { audit } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';

export type ActionAnswer = { operation: OperationView };
export type MakeOperation = (
  em: EntityManager,
  fresh: NewOperation & { serverId: string },
) => Promise<OperationEntity>;

/**
 * Writes an operation on a server whose row is locked, what it wishes for the server, and its audit event. Throws
 * `locked`, and `conflict` where the server's status doesn't allow it.
 */
export async function requestOperation<K extends ServerOperationKind>(
  em: EntityManager,
  context: RequestContext,
  server: ServerEntity,
  kind: K,
  input: OperationInput<K>,
  make: MakeOperation = createOperation,
): Promise<OperationEntity> {
  assertNotSuspended(context, server, kind);
  const operation = await make(em, {
    kind,
    serverId: server.id,
    hostId: server.hostId,
    tenantId: server.tenantId,
    requestedBy: context.caller.tokenId,
    requestId: context.requestId,
    input: input as Record<string, unknown>,
  });
  // After the operation was made: "locked by …" says more than "it is creating".
  assertTransition(kind, server);
  const { desired } = serverTransitions[kind];
  if (desired !== 'unchanged') await em.update(ServerEntity, { id: server.id }, { desiredState: desired });
  await audit(em, context, {
    action: `server.${kind.replace(/_server$/, '')}`,
    target: { type: 'server', id: server.id },
    tenantId: server.tenantId,
    details: { operation_id: operation.id, ...shown(input) },
  });
  return operation;
}

/** What a customer can still do with a server that billing has suspended, or is just suspending. */
const LEFT_TO_CUSTOMERS: ReadonlySet<ServerOperationKind> = new Set<ServerOperationKind>([
  'delete_server',
  'delete_snapshot',
  'change_protection',
]);

function assertNotSuspended(
  { caller }: RequestContext,
  { name, status, suspension }: ServerEntity,
  kind: ServerOperationKind,
): void {
  const causes = Object.entries(suspension);
  const isSuspended = causes.length > 0 || status === 'suspended';
  if (caller.role !== 'customer' || !isSuspended || LEFT_TO_CUSTOMERS.has(kind)) return;
  const reasons = causes.flatMap(([, { reason }]) => reason ?? []);
  const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  throw new BerthError('conflict', `${name} is suspended${why}: ask your provider`, { status: 'suspended' });
}

function shown(input: object): Record<string, unknown> {
  const { sealed_root_password: _secret, ...rest } = input as Record<string, unknown>;
  return rest;
}
