import { Module } from '@nestjs/common';
import { SuspensionKeeping } from './suspension-keeping';
import { SuspensionsLoop } from './suspensions.loop';

@Module({ providers: [SuspensionKeeping, SuspensionsLoop], exports: [SuspensionKeeping, SuspensionsLoop] })
export class SuspensionsModule {}
