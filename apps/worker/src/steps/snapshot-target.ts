import type { SnapshotStatus } from '@berth/contracts';
import type { OperationEntity } from '@berth/database';
import { containerIdOf, StepError } from '@berth/domain';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** The snapshot that an operation's input names. */
export interface SnapshotTarget {
  snapshotId: string;
  status: SnapshotStatus;
  memory: boolean;
  templateId: string;
  /** The container that it is of: of a clone another than the operation's own. */
  containerId: string;
  hostId: string;
}

@Injectable()
export class SnapshotTargets {
  constructor(private readonly dataSource: DataSource) {}

  async of({ id, input }: OperationEntity): Promise<SnapshotTarget> {
    const [row]: (Omit<SnapshotTarget, 'containerId'> & { number: string })[] = await this.dataSource.query(
      `SELECT n.id AS "snapshotId", n.status, n.memory, n.template_id AS "templateId", s.number, s.host_id AS "hostId"
         FROM snapshots n JOIN servers s ON s.id = n.server_id WHERE n.id = $1`,
      [input.snapshot_id],
    );
    if (!row)
      throw new StepError('abort', 'internal', `operation ${id} names a snapshot that does not exist`);
    const { number, ...rest } = row;
    return { ...rest, containerId: containerIdOf(Number(number)) };
  }

  /** As `of`, where it is there to be used. Throws `not_found` where it was deleted meanwhile. */
  async usable(operation: OperationEntity): Promise<SnapshotTarget> {
    const target = await this.of(operation);
    if (target.status === 'available') return target;
    const message = `the snapshot ${target.snapshotId} is ${target.status}: nothing can be made of it`;
    throw new StepError('abort', 'not_found', message, { status: target.status });
  }
}
