import type { Device, Feature, OperationView } from '@berth/contracts';
import type { OperationEntity, ServerEntity } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Answer, CommandsService } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';
import { invalidField } from '../http/validation.pipe';
import { presentNewOperation } from '../operations/operation-presenter';
import { assertHostCan } from './host-abilities';
import { lockServer } from './server-lookup';
import { type ActionAnswer, requestOperation } from './server-operation';

/** Kernel features and the host's devices, given to servers and taken again. */
@Injectable()
export class ServerEquipmentService {
  constructor(@Inject(CommandsService) private readonly commands: CommandsService) {}

  /** What it has already is enabled again, which changes nothing. Throws `unsupported`. */
  enableFeature(context: RequestContext, reference: string, feature: Feature): Promise<ActionAnswer> {
    return this.onServer(context, reference, async (em, server) => {
      const operation = await requestOperation(em, context, server, 'enable_feature', { feature });
      await assertHostCan(em, server, [`feature:${feature}`]);
      return operation;
    });
  }

  disableFeature(context: RequestContext, reference: string, feature: Feature): Promise<ActionAnswer> {
    return this.onServer(context, reference, (em, server) =>
      requestOperation(em, context, server, 'disable_feature', { feature }),
    );
  }

  /** Whether the host has it, and has it to give away, its operation tells: `device_missing`, `device_in_use`. */
  addDevice(context: RequestContext, reference: string, device: Device): Promise<ActionAnswer> {
    return this.onServer(context, reference, async (em, server) => {
      const operation = await requestOperation(em, context, server, 'add_device', device);
      await assertHostCan(em, server, ['devices']);
      return operation;
    });
  }

  removeDevice(context: RequestContext, reference: string, device: string): Promise<ActionAnswer> {
    return this.onServer(context, reference, async (em, server) => {
      if (!server.devices.some((one) => one.device === device)) {
        throw invalidField('device', `is none of the server's; it has ${server.devices.length}`);
      }
      return requestOperation(em, context, server, 'remove_device', { device });
    });
  }

  private onServer(
    context: RequestContext,
    reference: string,
    work: (em: EntityManager, server: ServerEntity) => Promise<OperationEntity>,
  ): Promise<ActionAnswer> {
    return this.commands.run(context, async (em): Promise<Answer<{ operation: OperationView }>> => {
      const operation = await work(em, await lockServer(em, context.caller, reference));
      return { body: { operation: presentNewOperation(operation, context.caller) } };
    });
  }
}
