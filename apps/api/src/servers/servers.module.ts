import { Module } from '@nestjs/common';
import { MigrationTargetsController } from './migration-targets.controller';
import { ServerActionsController } from './server-actions.controller';
import { ServerActionsService } from './server-actions.service';
import { ServerAddressesService } from './server-addresses.service';
import { ServerEquipmentService } from './server-equipment.service';
import { ServerExecService } from './server-exec.service';
import { ServerMigrationsController } from './server-migrations.controller';
import { ServerMigrationsService } from './server-migrations.service';
import { ServerOrdersService } from './server-orders.service';
import { ServerReinstallService } from './server-reinstall.service';
import { ServerResizeService } from './server-resize.service';
import { ServerResourcesController } from './server-resources.controller';
import { ServerSuspensionsController } from './server-suspensions.controller';
import { ServerSuspensionsService } from './server-suspensions.service';
import { ServersController } from './servers.controller';
import { ServersService } from './servers.service';

@Module({
  controllers: [
    ServersController,
    ServerActionsController,
    ServerResourcesController,
    ServerMigrationsController,
    MigrationTargetsController,
    ServerSuspensionsController,
  ],
  providers: [
    ServersService,
    ServerOrdersService,
    ServerActionsService,
    ServerExecService,
    ServerResizeService,
    ServerReinstallService,
    ServerEquipmentService,
    ServerAddressesService,
    ServerMigrationsService,
    ServerSuspensionsService,
  ],
})
export class ServersModule {}
