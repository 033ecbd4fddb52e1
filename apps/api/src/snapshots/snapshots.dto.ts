import {
  cloneSnapshotBodySchema,
  createSnapshotBodySchema,
  listServerSnapshotsQuerySchema,
  listSnapshotsQuerySchema,
  operationSchema,
  rollbackSnapshotBodySchema,
  snapshotSchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateSnapshotDto extends createZodDto(createSnapshotBodySchema) {}
export class RollbackSnapshotDto extends createZodDto(rollbackSnapshotBodySchema) {}
export class CloneSnapshotDto extends createZodDto(cloneSnapshotBodySchema) {}
export class ListSnapshotsQueryDto extends createZodDto(listSnapshotsQuerySchema) {}
export class ListServerSnapshotsQueryDto extends createZodDto(listServerSnapshotsQuerySchema) {}

export class SnapshotAnswerDto extends oneOf('snapshot', snapshotSchema) {}
export class SnapshotListDto extends listOf('snapshots', snapshotSchema) {}
export class NewSnapshotAnswerDto extends createZodDto(
  z.object({ snapshot: snapshotSchema, operation: operationSchema }),
) {}
