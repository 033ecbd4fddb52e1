import { driftFindingSchema, type DriftFindingView, listDriftQuerySchema } from '@berth/contracts';
import { DriftFindingEntity } from '@berth/database';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { DataSource } from 'typeorm';
import { OperatorOnly } from '../auth/access.decorator';
import { listPage } from '../http/list';
import { isoTime } from '../http/time';
import { Answers, listOf } from '../openapi/answers';

class ListDriftQueryDto extends createZodDto(listDriftQuerySchema) {}
class DriftListDto extends listOf('drift', driftFindingSchema) {}

const view = (finding: DriftFindingEntity): DriftFindingView => ({
  id: finding.id,
  kind: finding.kind,
  host_id: finding.hostId,
  server_id: finding.serverId,
  operation_id: finding.operationId,
  subject: finding.subject,
  message: finding.message,
  details: finding.details,
  found_at: isoTime(finding.foundAt),
  last_seen_at: isoTime(finding.lastSeenAt),
  resolved_at: isoTime(finding.resolvedAt),
});

@ApiTags('drift')
@Controller('v1/drift')
export class DriftController {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** Where hosts and database differ, and what an undo could not take back. Open findings unless `resolved=true`. */
  @Get()
  @OperatorOnly()
  @Answers(200, DriftListDto)
  async list(@Query() query: ListDriftQueryDto) {
    const found = this.dataSource.manager
      .createQueryBuilder(DriftFindingEntity, 'finding')
      .where(query.resolved ? 'finding.resolvedAt IS NOT NULL' : 'finding.resolvedAt IS NULL');
    if (query.host_id) found.andWhere('finding.hostId = :host_id', query);
    if (query.server_id) found.andWhere('finding.serverId = :server_id', query);
    if (query.kind) found.andWhere('finding.kind = :kind', query);
    const columns = { found_at: 'finding.foundAt', id: 'finding.id' };
    const { rows, pagination } = await listPage(found, query, columns, {
      field: 'found_at',
      direction: 'desc',
    });
    return { drift: rows.map(view), meta: { pagination } };
  }
}
