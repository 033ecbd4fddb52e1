import { Module } from '@nestjs/common';
import { HostTemplates } from './host-templates';
import { TemplateSource } from './template-source';

@Module({ providers: [TemplateSource, HostTemplates], exports: [HostTemplates] })
export class TemplatesModule {}
