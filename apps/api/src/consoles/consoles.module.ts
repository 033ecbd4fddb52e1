import { Module } from '@nestjs/common';
import { ConsolePlaces } from './console-places';
import { ConsoleTickets } from './console-tickets';
import { ConsolesController } from './consoles.controller';
import { ConsolesGateway } from './consoles-gateway.service';
import { ConsolesService } from './consoles.service';

@Module({
  controllers: [ConsolesController],
  providers: [ConsolesService, ConsolesGateway, ConsoleTickets, ConsolePlaces],
})
export class ConsolesModule {}
