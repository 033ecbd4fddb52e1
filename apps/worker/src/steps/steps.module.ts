import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module';
import { TemplatesModule } from '../templates/templates.module';
import { CreateContainerStep } from './create-container.step';
import { DestroyContainerStep, KillForDeleteStep } from './delete.steps';
import { CheckHostStep, OpenForOrdersStep, PrepareHostStep } from './enrol-host.steps';
import { ApplyHostnameStep, SetRootPasswordStep } from './guest.steps';
import { ApplyAddressesStep, ApplyDevicesStep, ApplyFeaturesStep } from './equipment.steps';
import { ApplyLimitsStep } from './apply-limits.step';
import { DestroyOldStep } from './destroy-old.step';
import { ImportTemplateStep } from './import-template.step';
import {
  KillContainerStep,
  StartContainerStep,
  StartOrderedContainerStep,
  StopContainerStep,
} from './power.steps';
import { ServerTargets } from './server-target';
import { Steps } from './step-handlers';

@Module({
  imports: [HostsModule, TemplatesModule],
  providers: [
    ServerTargets,
    Steps,
    ImportTemplateStep,
    CreateContainerStep,
    StartOrderedContainerStep,
    StartContainerStep,
    StopContainerStep,
    KillContainerStep,
    KillForDeleteStep,
    DestroyContainerStep,
    SetRootPasswordStep,
    ApplyHostnameStep,
    ApplyLimitsStep,
    ApplyFeaturesStep,
    ApplyDevicesStep,
    ApplyAddressesStep,
    DestroyOldStep,
    CheckHostStep,
    PrepareHostStep,
    OpenForOrdersStep,
  ],
  exports: [Steps],
})
export class StepsModule {}
