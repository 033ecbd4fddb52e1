import type { StepHandler, StepHandlers } from '@berth/jobs';
import type { RuntimeErrorCode } from '@berth/runtime';
import type { StepDecision } from '@berth/domain';
import { Injectable } from '@nestjs/common';
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
import {
  KillContainerStep,
  StartContainerStep,
  StartOrderedContainerStep,
  StopContainerStep,
} from './power.steps';
import { SuspendContainerStep, UnsuspendContainerStep } from './suspension.steps';
import { RemoveSnapshotStep, RollBackContainerStep, TakeSnapshotStep } from './snapshot.steps';
import { insisting, translated } from './step-failure';

type Decisions = Partial<Record<RuntimeErrorCode, StepDecision>>;

/** A person waits for an enrolment, and what is wrong with a host seldom goes away by itself. */
const ENROLMENT: Decisions = { unreachable: 'abort', timeout: 'abort', busy: 'retry' };
/** A delete must come to its end: what a host stumbles over now may be gone at the next try. */
const DELETE: Decisions = { command_failed: 'retry', no_space: 'retry', host_unsuitable: 'retry' };

/** The same, where nothing would be left if it were taken back, and what is half made serves the next try. */
const forwardOnly = (handler: StepHandler): StepHandler => ({ run: (context) => handler.run(context) });

/** Which handler does which step of the plans; checked against them at start-up. */
@Injectable()
export class Steps {
  readonly handlers: StepHandlers;

  constructor(
    importTemplate: ImportTemplateStep,
    createContainer: CreateContainerStep,
    startOrdered: StartOrderedContainerStep,
    startContainer: StartContainerStep,
    stopContainer: StopContainerStep,
    killContainer: KillContainerStep,
    killForDelete: KillForDeleteStep,
    destroyContainer: DestroyContainerStep,
    setRootPassword: SetRootPasswordStep,
    applyHostname: ApplyHostnameStep,
    applyLimits: ApplyLimitsStep,
    applyFeatures: ApplyFeaturesStep,
    applyDevices: ApplyDevicesStep,
    applyAddresses: ApplyAddressesStep,
    destroyOld: DestroyOldStep,
    freezeContainer: FreezeContainerStep,
    unfreezeContainer: UnfreezeContainerStep,
    checkpointContainer: CheckpointContainerStep,
    restoreContainer: RestoreContainerStep,
    suspendContainer: SuspendContainerStep,
    unsuspendContainer: UnsuspendContainerStep,
    takeSnapshot: TakeSnapshotStep,
    removeSnapshot: RemoveSnapshotStep,
    rollBackContainer: RollBackContainerStep,
    cloneContainer: CloneContainerStep,
    openMigration: OpenMigrationStep,
    acceptMigration: AcceptMigrationStep,
    connectMigration: ConnectMigrationStep,
    copyDisk: CopyDiskStep,
    copyMemory: CopyMemoryStep,
    prepareTarget: PrepareTargetStep,
    handOver: HandOverStep,
    takeOver: TakeOverStep,
    moveServer: MoveServerStep,
    removeSource: RemoveSourceStep,
    clearSource: ClearSourceStep,
    checkHost: CheckHostStep,
    prepareHost: PrepareHostStep,
    openForOrders: OpenForOrdersStep,
  ) {
    this.handlers = {
      create_server: {
        import_template: translated(importTemplate),
        create_container: translated(createContainer),
        start_container: translated(startOrdered),
      },
      start_server: { start_container: translated(startContainer) },
      stop_server: { stop_container: translated(stopContainer) },
      restart_server: {
        stop_container: translated(stopContainer),
        start_container: translated(startContainer),
      },
      kill_server: { kill_container: translated(killContainer) },
      delete_server: {
        kill_container: translated(killForDelete, DELETE),
        destroy_container: translated(destroyContainer, DELETE),
      },
      reset_password: { set_root_password: translated(setRootPassword) },
      set_hostname: { apply_hostname: translated(applyHostname) },
      change_protection: {},
      resize_server: { apply_limits: translated(applyLimits) },
      enable_feature: { apply_features: translated(applyFeatures) },
      disable_feature: { apply_features: translated(applyFeatures) },
      add_device: { apply_devices: translated(applyDevices) },
      remove_device: { apply_devices: translated(applyDevices) },
      add_address: { apply_addresses: translated(applyAddresses) },
      remove_address: { apply_addresses: translated(applyAddresses) },
      set_rdns: {},
      reinstall_server: {
        import_template: translated(importTemplate),
        destroy_old: translated(destroyOld, DELETE),
        create_container: translated(forwardOnly(createContainer)),
        start_container: translated(forwardOnly(startOrdered)),
      },
      freeze_server: { freeze_container: translated(freezeContainer) },
      unfreeze_server: { unfreeze_container: translated(unfreezeContainer) },
      checkpoint_server: { checkpoint_container: translated(checkpointContainer) },
      restore_server: { restore_container: translated(restoreContainer) },
      suspend_server: { suspend_container: translated(suspendContainer, DELETE) },
      unsuspend_server: { unsuspend_container: translated(unsuspendContainer) },
      create_snapshot: { take_snapshot: translated(takeSnapshot) },
      delete_snapshot: { remove_snapshot: translated(removeSnapshot, DELETE) },
      rollback_snapshot: {
        roll_back_container: translated(rollBackContainer),
        start_container: translated(forwardOnly(startOrdered)),
      },
      clone_server: {
        clone_container: translated(cloneContainer),
        start_container: translated(startOrdered),
      },
      migrate_server: {
        open_migration: translated(openMigration),
        accept_migration: translated(acceptMigration),
        connect_migration: translated(connectMigration),
        copy_disk: translated(copyDisk),
        copy_memory: translated(copyMemory),
        prepare_target: translated(prepareTarget),
        hand_over: translated(handOver),
        take_over: translated(takeOver),
        move_server: insisting(moveServer),
        remove_source: insisting(removeSource),
      },
      clear_source: { remove_source: insisting(clearSource) },
      enrol_host: {
        check_host: translated(checkHost, ENROLMENT),
        prepare_host: translated(prepareHost, ENROLMENT),
        open_for_orders: translated(openForOrders),
      },
    };
  }
}
