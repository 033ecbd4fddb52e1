import { Module } from '@nestjs/common';
import { ServerActionsController } from './server-actions.controller';
import { ServerActionsService } from './server-actions.service';
import { ServerExecService } from './server-exec.service';
import { ServerOrdersService } from './server-orders.service';
import { ServersController } from './servers.controller';
import { ServersService } from './servers.service';

@Module({
  controllers: [ServersController, ServerActionsController],
  providers: [ServersService, ServerOrdersService, ServerActionsService, ServerExecService],
})
export class ServersModule {}
