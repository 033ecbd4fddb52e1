import { Module } from '@nestjs/common';
import { OperationActionsService } from './operation-actions.service';
import { OperationStreamService } from './operation-stream.service';
import { OperationsController } from './operations.controller';
import { OperationsService } from './operations.service';

@Module({
  controllers: [OperationsController],
  providers: [OperationsService, OperationActionsService, OperationStreamService],
})
export class OperationsModule {}
