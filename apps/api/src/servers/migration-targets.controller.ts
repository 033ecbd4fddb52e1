import { migrationTargetsSchema } from '@berth/contracts';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { ServerMigrationsService } from './server-migrations.service';

class MigrationTargetsDto extends createZodDto(migrationTargetsSchema) {}

@ApiTags('servers')
@Controller('v1/servers/:id/migration_targets')
export class MigrationTargetsController {
  constructor(@Inject(ServerMigrationsService) private readonly migrations: ServerMigrationsService) {}

  /** Where it could be moved to and why not, by the rules that a migration goes by; room is held only by the migration itself. */
  @Get()
  @OperatorOnly()
  @Answers(200, MigrationTargetsDto)
  list(@Context() context: RequestContext, @Param('id') id: string) {
    return this.migrations.targets(context, id);
  }
}
