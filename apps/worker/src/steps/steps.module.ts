import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module';
import { TemplatesModule } from '../templates/templates.module';
import { CloneContainerStep } from './clone-container.step';
import { CreateContainerStep } from './create-container.step';
import { DestroyContainerStep, KillForDeleteStep } from './delete.steps';
import { CheckHostStep, OpenForOrdersStep, PrepareHostStep } from './enrol-host.steps';
import { ApplyHostnameStep, SetRootPasswordStep } from './guest.steps';
import { ApplyAddressesStep, ApplyDevicesStep, ApplyFeaturesStep } from './equipment.steps';
import { ApplyLimitsStep } from './apply-limits.step';
import { DestroyOldStep } from './destroy-old.step';
import {
  CheckpointContainerStep,
  FreezeContainerStep,
  RestoreContainerStep,
  UnfreezeContainerStep,
} from './freeze.steps';
import { ImportTemplateStep } from './import-template.step';
import {
  AcceptMigrationStep,
  ConnectMigrationStep,
  CopyDiskStep,
  CopyMemoryStep,
  OpenMigrationStep,
  PrepareTargetStep,
} from './migration-copy.steps';
import {
  ClearSourceStep,
  HandOverStep,
  MoveServerStep,
  RemoveSourceStep,
  TakeOverStep,
} from './migration-switch.steps';
import { MigrationTargets } from './migration-target';
import {
  KillContainerStep,
  StartContainerStep,
  StartOrderedContainerStep,
  StopContainerStep,
} from './power.steps';
import { ServerTargets } from './server-target';
import { SnapshotTargets } from './snapshot-target';
import { SuspendContainerStep, UnsuspendContainerStep } from './suspension.steps';
import { RemoveSnapshotStep, RollBackContainerStep, TakeSnapshotStep } from './snapshot.steps';
import { Steps } from './step-handlers';

@Module({
  imports: [HostsModule, TemplatesModule],
  providers: [
    ServerTargets,
    SnapshotTargets,
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
    FreezeContainerStep,
    UnfreezeContainerStep,
    CheckpointContainerStep,
    RestoreContainerStep,
    SuspendContainerStep,
    UnsuspendContainerStep,
    TakeSnapshotStep,
    RemoveSnapshotStep,
    RollBackContainerStep,
    CloneContainerStep,
    MigrationTargets,
    OpenMigrationStep,
    AcceptMigrationStep,
    ConnectMigrationStep,
    CopyDiskStep,
    CopyMemoryStep,
    PrepareTargetStep,
    HandOverStep,
    TakeOverStep,
    MoveServerStep,
    RemoveSourceStep,
    ClearSourceStep,
    CheckHostStep,
    PrepareHostStep,
    OpenForOrdersStep,
  ],
  exports: [Steps],
})
export class StepsModule {}
