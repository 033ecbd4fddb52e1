import { Module } from '@nestjs/common';
import { MetricsModule } from '../metrics/metrics.module';
import { ConsolePlaces } from './console-places';
import { ConsoleTickets } from './console-tickets';
import { ConsolesController } from './consoles.controller';
import { ConsolesGateway } from './consoles-gateway.service';
import { ConsolesService } from './consoles.service';

@Module({
  imports: [MetricsModule],
  controllers: [ConsolesController],
  providers: [ConsolesService, ConsolesGateway, ConsoleTickets, ConsolePlaces],
})
export class ConsolesModule {}
