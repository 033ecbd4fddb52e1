import { auditEventSchema, type AuditEventView, listAuditEventsQuerySchema } from '@berth/contracts';
import { AuditEventEntity } from '@berth/database';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { DataSource } from 'typeorm';
import { OperatorOnly } from '../auth/access.decorator';
import { listPage } from '../http/list';
import { isoTime } from '../http/time';
import { Answers, listOf } from '../openapi/answers';

class ListAuditEventsQueryDto extends createZodDto(listAuditEventsQuerySchema) {}
class AuditEventListDto extends listOf('audit_events', auditEventSchema) {}

const view = (event: AuditEventEntity): AuditEventView => ({
  id: event.id,
  at: isoTime(event.at),
  actor: event.actor,
  role: event.role,
  tenant_id: event.tenantId,
  action: event.action,
  target: { type: event.targetType, id: event.targetId },
  request_id: event.requestId,
  details: event.details,
});

@ApiTags('audit_events')
@Controller('v1/audit_events')
export class AuditEventsController {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** Who did what, newest first. */
  @Get()
  @OperatorOnly()
  @Answers(200, AuditEventListDto)
  async list(@Query() query: ListAuditEventsQueryDto) {
    const found = this.dataSource.manager.createQueryBuilder(AuditEventEntity, 'event');
    if (query.tenant_id) found.andWhere('event.tenantId = :tenant_id', query);
    if (query.actor) found.andWhere('event.actor = :actor', query);
    if (query.action) found.andWhere('event.action = :action', query);
    if (query.target_type) found.andWhere('event.targetType = :target_type', query);
    if (query.target_id) found.andWhere('event.targetId = :target_id', query);
    if (query.request_id) found.andWhere('event.requestId = :request_id', query);
    const columns = { at: 'event.at', id: 'event.id' };
    const { rows, pagination } = await listPage(found, query, columns, { field: 'at', direction: 'desc' });
    return { audit_events: rows.map(view), meta: { pagination } };
  }
}
