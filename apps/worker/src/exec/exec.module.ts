import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module';
import { ExecService } from './exec.service';

@Module({ imports: [HostsModule], providers: [ExecService], exports: [ExecService] })
export class ExecModule {}
