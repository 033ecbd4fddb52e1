import { devicesAfter, featuresAfter } from '@berth/domain';
import type { StepContext, StepHandler } from '@berth/jobs';
import type { ContainerAddress } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets, type ServerTarget } from './server-target';

/**
 * Steps that give a server something, or take it: the host is told the whole set, and the operation's end writes it to the
 * database. Taken back by telling it the set that the database still has.
 */
abstract class WholeSetStep<T> implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    await this.set(target, this.after(target, context), context);
  }

  async undo(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    await absentIsFine(this.set(target, this.before(target, context), context));
  }

  protected abstract before(target: ServerTarget, context: StepContext): T[];
  protected abstract after(target: ServerTarget, context: StepContext): T[];
  protected abstract set(target: ServerTarget, all: T[], context: StepContext): Promise<void>;
}

@Injectable()
export class ApplyFeaturesStep extends WholeSetStep<ServerTarget['features'][number]> {
  constructor(targets: ServerTargets) {
    super(targets);
  }

  protected before = ({ features }: ServerTarget) => features;
  protected after = ({ features }: ServerTarget, { operation }: StepContext) =>
    featuresAfter(operation, features);
  protected set = (
    { runtime, containerId }: ServerTarget,
    all: ServerTarget['features'],
    context: StepContext,
  ) => runtime.setFeatures(containerId, all, mutationOf(context));
}

@Injectable()
export class ApplyDevicesStep extends WholeSetStep<ServerTarget['devices'][number]> {
  constructor(targets: ServerTargets) {
    super(targets);
  }

  protected before = ({ devices }: ServerTarget) => devices;
  protected after = ({ devices }: ServerTarget, { operation }: StepContext) =>
    devicesAfter(operation, devices);
  protected set = (
    { runtime, containerId }: ServerTarget,
    all: ServerTarget['devices'],
    context: StepContext,
  ) => runtime.setDevices(containerId, all, mutationOf(context));
}

/** The address that comes is the server's in the database since the request; the one that goes, to the operation's end. */
@Injectable()
export class ApplyAddressesStep extends WholeSetStep<ContainerAddress> {
  constructor(targets: ServerTargets) {
    super(targets);
  }

  protected before = (target: ServerTarget, context: StepContext) =>
    context.operation.kind === 'add_address' ? withoutNamed(target, context) : target.addresses;
  protected after = (target: ServerTarget, context: StepContext) =>
    context.operation.kind === 'add_address' ? target.addresses : withoutNamed(target, context);
  protected set = ({ runtime, containerId }: ServerTarget, all: ContainerAddress[], context: StepContext) =>
    runtime.setAddresses(containerId, all, mutationOf(context));
}

const withoutNamed = ({ addresses }: ServerTarget, { operation }: StepContext): ContainerAddress[] =>
  addresses.filter(({ address }) => address !== operation.input.address);
