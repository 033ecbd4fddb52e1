import { Module } from '@nestjs/common';
import { StepsModule } from '../steps/steps.module';
import { OperationsService } from './operations.service';

@Module({ imports: [StepsModule], providers: [OperationsService], exports: [OperationsService] })
export class OperationsModule {}
