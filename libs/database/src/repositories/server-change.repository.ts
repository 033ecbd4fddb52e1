import type { OperationInput } from '@berth/contracts';
import { demandOf, featuresAfter, devicesAfter, mergeLimits } from '@berth/domain';
import { IsNull, type EntityManager } from 'typeorm';
import type { OperationEntity } from '../entities/operation.entity';
import { ServerEntity } from '../entities/server.entity';
import { SnapshotEntity } from '../entities/snapshot.entity';
import { removeAddress } from './address-change.repository';
import { endMigration } from './server-migration.repository';

/**
 * Reserves what a resize will need at most while it runs: the larger of what the server is accounted for and of what it
 * would be. What it grows by is taken here, what it shrinks by is given back by the end (`settleServerChange`), so that
 * an undo always has its room. Throws by the triggers (`refusalOf`). The server's row must be locked.
 */
export async function reserveResize(
  em: EntityManager,
  server: ServerEntity,
  limits: OperationInput<'resize_server'>['limits'],
): Promise<void> {
  const { cpus, ram_bytes, disk_bytes } = demandOf(mergeLimits(server.limits, limits));
  if (cpus <= server.cpus && ram_bytes <= server.ramBytes && disk_bytes <= server.diskBytes) return;
  await em.query(
    `UPDATE servers SET cpus = greatest(cpus, $2::numeric(12,2)), ram_bytes = greatest(ram_bytes, $3), disk_bytes = greatest(disk_bytes, $4)
      WHERE id = $1`,
    [server.id, cpus, ram_bytes, disk_bytes],
  );
}

export interface ChangeEnd {
  succeeded: boolean;
  /** Nothing of it is left on the host: no step was begun, or all that were are undone. */
  takenBack: boolean;
  /** The plan's point of no return was passed. */
  irrevocable: boolean;
}

/**
 * Writes what an operation changed of its server, in the transaction of its end and with the server's row locked: the
 * database says the new thing exactly when the host does. What could not be taken back (a finding tells operators) keeps
 * its reservation.
 */
export async function settleServerChange(
  em: EntityManager,
  operation: Pick<OperationEntity, 'id' | 'kind' | 'input'>,
  server: ServerEntity,
  end: ChangeEnd,
): Promise<void> {
  switch (operation.kind) {
    case 'resize_server':
      if (end.succeeded || end.takenBack)
        await settleResize(em, operation.input as OperationInput<'resize_server'>, server, end);
      return;
    case 'enable_feature':
    case 'disable_feature':
      if (end.succeeded)
        await em.update(
          ServerEntity,
          { id: server.id },
          { features: featuresAfter(operation, server.features) },
        );
      return;
    case 'add_device':
    case 'remove_device':
      if (end.succeeded)
        await em.update(
          ServerEntity,
          { id: server.id },
          { devices: devicesAfter(operation, server.devices) },
        );
      return;
    case 'add_address':
      if (!end.succeeded && end.takenBack)
        await removeAddress(em, server.id, String(operation.input.address));
      return;
    case 'remove_address':
      if (end.succeeded) await removeAddress(em, server.id, String(operation.input.address));
      return;
    case 'reinstall_server':
      // From there on nothing of the old root is left, whatever came of the new one.
      if (end.irrevocable) {
        const { template_id: templateId, features } = operation.input as OperationInput<'reinstall_server'>;
        await em.update(ServerEntity, { id: server.id }, { templateId, ...(features && { features }) });
      }
      return;
    case 'migrate_server':
      // Where it is now was written when it moved; what was held beside is given back.
      return endMigration(em, operation.id);
    case 'checkpoint_server':
      if (end.succeeded)
        await em.update(ServerEntity, { id: server.id }, { status: 'frozen', checkpointed: true });
      return;
    case 'create_snapshot':
      // What could not be taken back can still be deleted.
      await settleSnapshot(em, operation, end.succeeded ? 'available' : end.takenBack ? 'deleted' : 'error');
      return;
    case 'delete_snapshot':
      await settleSnapshot(
        em,
        operation,
        end.succeeded ? 'deleted' : end.irrevocable ? 'error' : previousOf(operation),
      );
      return;
    default:
      return;
  }
}

const previousOf = ({ input }: Pick<OperationEntity, 'input'>) =>
  (input as OperationInput<'delete_snapshot'>).previous;

async function settleSnapshot(
  em: EntityManager,
  { input }: Pick<OperationEntity, 'input'>,
  status: SnapshotEntity['status'],
): Promise<void> {
  const deletedAt = status === 'deleted' ? new Date() : null;
  await em.update(
    SnapshotEntity,
    { id: String(input.snapshot_id), deletedAt: IsNull() },
    { status, deletedAt },
  );
}

async function settleResize(
  em: EntityManager,
  input: OperationInput<'resize_server'>,
  server: ServerEntity,
  { succeeded }: ChangeEnd,
): Promise<void> {
  const limits = succeeded ? mergeLimits(server.limits, input.limits) : server.limits;
  const demand = demandOf(limits);
  await em.update(
    ServerEntity,
    { id: server.id },
    {
      limits,
      cpus: demand.cpus,
      ramBytes: demand.ram_bytes,
      diskBytes: demand.disk_bytes,
      ...(succeeded && input.plan_id !== null && { planId: input.plan_id }),
    },
  );
}
