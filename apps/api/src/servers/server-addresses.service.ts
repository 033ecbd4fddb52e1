import type { OperationView, ServerAddressView, SetRdnsBody } from '@berth/contracts';
import {
  activeOperationOf,
  addAddress,
  addressesOf,
  addressOf,
  recordInstantOperation,
  setRdns,
  type ServerEntity,
} from '@berth/database';
import { type AddressFamily, assertTransition, BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CommandsService } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';
import { invalidField } from '../http/validation.pipe';
import { presentNewOperation } from '../operations/operation-presenter';
import { assertHostCan } from './host-abilities';
import { lockServer } from './server-lookup';
import { type ActionAnswer, requestOperation } from './server-operation';

type AddressAnswer = { operation: OperationView; address: ServerAddressView };

/** Addresses that come and go while a server runs, and the names that they resolve to. */
@Injectable()
export class ServerAddressesService {
  constructor(@Inject(CommandsService) private readonly commands: CommandsService) {}

  /** One more of the location's pools, answered with the operation. Throws `quota_exceeded`, `no_capacity`, `unsupported`. */
  add(context: RequestContext, reference: string, family: AddressFamily): Promise<AddressAnswer> {
    return this.commands.run(context, async (em) => {
      const server = await lockServer(em, context.caller, reference);
      await assertFree(em, server);
      await assertHostCan(em, server, [`ipv${family}`]);
      const address = await addAddress(em, server, family);
      const operation = await requestOperation(em, context, server, 'add_address', {
        address: address.address,
      });
      return { body: { operation: presentNewOperation(operation, context.caller), address } };
    });
  }

  /** Throws `conflict` for the last one: nobody could reach the server any more, nor would it answer to have started. */
  remove(context: RequestContext, reference: string, text: string): Promise<ActionAnswer> {
    return this.commands.run(context, async (em) => {
      const server = await lockServer(em, context.caller, reference);
      const { address } = await ownAddress(em, server, text);
      const operation = await requestOperation(em, context, server, 'remove_address', { address });
      if ((await addressesOf(em, server.id)).length === 1) {
        throw new BerthError('conflict', `${address} is the server's only address: add another one first`, {
          address,
        });
      }
      return { body: { operation: presentNewOperation(operation, context.caller) } };
    });
  }

  /** At once: no host is concerned. Works while another operation runs. */
  name(context: RequestContext, reference: string, body: SetRdnsBody): Promise<ActionAnswer> {
    return this.commands.run(context, async (em) => {
      const server = await lockServer(em, context.caller, reference);
      const { address } = await ownAddress(em, server, body.address);
      await setRdns(em, server.id, address, body.name);
      const input = { address, name: body.name };
      const operation = await requestOperation(
        em,
        context,
        server,
        'set_rdns',
        input,
        recordInstantOperation,
      );
      return { body: { operation: presentNewOperation(operation, context.caller) } };
    });
  }
}

/** Before anything is taken of a pool: what is refused anyway need not wait for its lock. */
async function assertFree(em: EntityManager, server: ServerEntity): Promise<void> {
  const running = await activeOperationOf(em, server.id);
  // Told by requestOperation, which knows the words.
  if (!running) assertTransition('add_address', server);
}

async function ownAddress(em: EntityManager, server: ServerEntity, text: string) {
  const found = await addressOf(em, server.id, text);
  if (!found) throw invalidField('address', "is none of the server's");
  return found;
}
