import type { ApiConfig } from '@berth/config';
import type { CreateHostBody } from '@berth/contracts';
import { createOperation, HostEntity, LocationEntity, newId, seal } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { InjectConfig } from '../api-config';
import { audit, CommandsService } from '../commands/commands.service';
import { namedReference } from '../http/body-reference';
import type { RequestContext } from '../http/request-context';
import { invalidField } from '../http/validation.pipe';
import { presentOperation } from '../operations/operation-presenter';
import { presentHost } from './host-presenter';
import { privateKeyProblem } from './private-key';

/** Takes hosts in. The connection is the worker's business: here the key is sealed, and can't be opened again. */
@Injectable()
export class HostEnrolmentService {
  constructor(
    @Inject(CommandsService) private readonly commands: CommandsService,
    @InjectConfig() private readonly config: ApiConfig,
  ) {}

  async enrol(context: RequestContext, body: CreateHostBody) {
    const sealed = await this.sealKey(body);
    return this.commands.run(context, async (em) => {
      const location = await namedReference(em, LocationEntity, 'location', body.location, {});
      const host = await this.insert(em, body, location.id, sealed);
      const operation = await createOperation(em, {
        kind: 'enrol_host',
        serverId: null,
        hostId: host.id,
        tenantId: null,
        requestedBy: context.caller.tokenId,
        requestId: context.requestId,
        input: {},
      });
      const { private_key: _secret, ...shown } = body;
      await audit(em, context, {
        action: 'host.create',
        target: { type: 'host', id: host.id },
        tenantId: null,
        details: shown,
      });
      return {
        body: {
          host: await presentHost(em, host),
          operation: await presentOperation(em, operation, context.caller),
        },
      };
    });
  }

  private async sealKey(body: CreateHostBody): Promise<string | null> {
    if (body.private_key == null) return null;
    const problem = privateKeyProblem(body.private_key);
    if (problem) throw invalidField('private_key', problem);
    return seal(this.config.workerPublicKey, body.private_key);
  }

  private async insert(
    em: EntityManager,
    body: CreateHostBody,
    locationId: string,
    privateKeySealed: string | null,
  ): Promise<HostEntity> {
    const { capacity, overcommit } = body;
    const id = newId();
    await em.save(
      em.create(HostEntity, {
        id,
        name: body.name,
        driver: body.driver,
        locationId,
        address: body.address ?? body.name,
        port: body.port,
        user: body.user,
        hostKeyFingerprint: body.host_key_fingerprint ?? null,
        privateKeySealed,
        state: 'enrolling',
        reachable: false,
        capabilities: [],
        statedCpus: capacity.cpus ?? null,
        statedRamBytes: capacity.ram_bytes ?? null,
        statedDiskBytes: capacity.disk_bytes ?? null,
        capacityCpus: capacity.cpus ?? 0,
        capacityRamBytes: capacity.ram_bytes ?? 0,
        capacityDiskBytes: capacity.disk_bytes ?? 0,
        overcommitCpus: overcommit.cpus ?? 1,
        overcommitRam: overcommit.ram ?? 1,
        overcommitDisk: overcommit.disk ?? 1,
      }),
    );
    // Read again: the counters are the database's.
    return em.findOneByOrFail(HostEntity, { id });
  }
}
