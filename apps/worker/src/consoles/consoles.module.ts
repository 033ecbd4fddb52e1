import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module';
import { ConsolesService } from './consoles.service';

@Module({ imports: [HostsModule], providers: [ConsolesService], exports: [ConsolesService] })
export class ConsolesModule {}
