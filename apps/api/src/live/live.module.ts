import { Module } from '@nestjs/common';
import { LiveController } from './live.controller';
import { LiveStreamsService } from './live-streams.service';

@Module({ controllers: [LiveController], providers: [LiveStreamsService] })
export class LiveModule {}
