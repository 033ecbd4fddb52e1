import { Module } from '@nestjs/common';
import { HostRuntimes } from './host-runtimes';

@Module({ providers: [HostRuntimes], exports: [HostRuntimes] })
export class HostsModule {}
