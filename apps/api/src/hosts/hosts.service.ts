import type { ListHostsQuery, PatchHostBody } from '@berth/contracts';
import { HostEntity, LocationEntity, OperationEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, IsNull, Not } from 'typeorm';
import { audit, CommandsService } from '../commands/commands.service';
import { namedReference } from '../http/body-reference';
import { listPage } from '../http/list';
import { findByReference } from '../http/reference';
import type { RequestContext } from '../http/request-context';
import { presentHost, presentHosts } from './host-presenter';

const NOT_REMOVED = { state: Not('removed' as const) };

/** The host behind a reference, its row locked until the transaction ends. */
async function lockHost(em: EntityManager, reference: string): Promise<HostEntity> {
  const { id } = await findByReference(em, HostEntity, 'host', reference, NOT_REMOVED);
  return em.findOneOrFail(HostEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
}

function assertEmpty(host: HostEntity, what: string): void {
  if (host.usedServers === 0) return;
  throw new BerthError('conflict', `${host.usedServers} servers are on ${host.name}: ${what}`, {
    servers: host.usedServers,
  });
}

/** What enrolment wrote down; zeros before it. */
function reportedFacts(host: HostEntity): { cpus: number; ramBytes: number; diskBytes: number } {
  const facts = (host.facts ?? {}) as { cpus?: number; ramBytes?: number; disk?: { totalBytes?: number } };
  return { cpus: facts.cpus ?? 0, ramBytes: facts.ramBytes ?? 0, diskBytes: facts.disk?.totalBytes ?? 0 };
}

/** Columns of a stated capacity; null takes the statement back, and what the host reported counts again. */
function capacityColumns(host: HostEntity, capacity: PatchHostBody['capacity']): Partial<HostEntity> {
  const columns: Partial<HostEntity> = {};
  const facts = reportedFacts(host);
  if (capacity?.cpus !== undefined) {
    columns.statedCpus = capacity.cpus;
    columns.capacityCpus = capacity.cpus ?? facts.cpus;
  }
  if (capacity?.ram_bytes !== undefined) {
    columns.statedRamBytes = capacity.ram_bytes;
    columns.capacityRamBytes = capacity.ram_bytes ?? facts.ramBytes;
  }
  if (capacity?.disk_bytes !== undefined) {
    columns.statedDiskBytes = capacity.disk_bytes;
    columns.capacityDiskBytes = capacity.disk_bytes ?? facts.diskBytes;
  }
  return columns;
}

@Injectable()
export class HostsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  async list(query: ListHostsQuery) {
    const em = this.dataSource.manager;
    const found = em.createQueryBuilder(HostEntity, 'host');
    if (query.status) found.where('host.state IN (:...states)', { states: query.status });
    else found.where(`host.state <> 'removed'`);
    if (query.id) found.andWhere('host.id IN (:...ids)', { ids: query.id });
    if (query.name) found.andWhere('host.name = :name', { name: query.name });
    if (query.driver) found.andWhere('host.driver = :driver', { driver: query.driver });
    if (query.reachable !== undefined)
      found.andWhere('host.reachable = :reachable', { reachable: query.reachable });
    if (query.location) {
      const { id } = await findByReference(em, LocationEntity, 'location', query.location, {});
      found.andWhere('host.locationId = :locationId', { locationId: id });
    }
    const columns = { name: 'host.name', created_at: 'host.createdAt', id: 'host.id' };
    const { rows, pagination } = await listPage(found, query, columns, { field: 'name', direction: 'asc' });
    return { hosts: await presentHosts(em, rows), meta: { pagination } };
  }

  async get(reference: string) {
    const em = this.dataSource.manager;
    return {
      host: await presentHost(em, await findByReference(em, HostEntity, 'host', reference, NOT_REMOVED)),
    };
  }

  /** Lowering a capacity below its use takes nothing away: no further server comes. */
  patch(context: RequestContext, reference: string, body: PatchHostBody) {
    return this.commands.run(context, async (em) => {
      const host = await lockHost(em, reference);
      const columns: Partial<HostEntity> = capacityColumns(host, body.capacity);
      if (body.name !== undefined) columns.name = body.name;
      if (body.overcommit?.cpus !== undefined) columns.overcommitCpus = body.overcommit.cpus;
      if (body.overcommit?.ram !== undefined) columns.overcommitRam = body.overcommit.ram;
      if (body.overcommit?.disk !== undefined) columns.overcommitDisk = body.overcommit.disk;
      if (body.location !== undefined) {
        const location = await namedReference(em, LocationEntity, 'location', body.location, {});
        if (location.id !== host.locationId)
          assertEmpty(host, 'it can only change its location when it is empty');
        columns.locationId = location.id;
      }
      if (Object.keys(columns).length > 0) await em.update(HostEntity, { id: host.id }, columns as never);
      await audit(em, context, this.entry('host.update', host, { ...body }));
      return this.answer(em, host.id);
    });
  }

  /** It gets no new servers; those on it go on. */
  cordon(context: RequestContext, reference: string) {
    return this.move(context, reference, 'cordon', 'active', 'cordoned');
  }

  uncordon(context: RequestContext, reference: string) {
    return this.move(context, reference, 'uncordon', 'cordoned', 'active');
  }

  /** Forgets the host and its key. Nothing is done on the machine itself. */
  async delete(context: RequestContext, reference: string): Promise<void> {
    await this.commands.run(context, async (em) => {
      const host = await lockHost(em, reference);
      assertEmpty(host, 'it can only be deleted when it is empty');
      const running = await em.findOneBy(OperationEntity, {
        hostId: host.id,
        serverId: IsNull(),
        status: In(['pending', 'running']),
      });
      if (running) {
        throw new BerthError('locked', `${running.kind} is ${running.status} on it: cancel that first`, {
          operation_id: running.id,
        });
      }
      await em.update(HostEntity, { id: host.id }, { state: 'removed', privateKeySealed: null });
      await audit(em, context, this.entry('host.delete', host, { name: host.name }));
      return { body: {} };
    });
  }

  /** Idempotent; throws `conflict` for a host that is neither. */
  private move(
    context: RequestContext,
    reference: string,
    verb: 'cordon' | 'uncordon',
    from: HostEntity['state'],
    to: HostEntity['state'],
  ) {
    return this.commands.run(context, async (em) => {
      const host = await lockHost(em, reference);
      if (host.state !== from && host.state !== to) {
        throw new BerthError('conflict', `a host that is ${host.state} can't be ${verb}ed`, {
          status: host.state,
        });
      }
      if (host.state !== to) await em.update(HostEntity, { id: host.id }, { state: to });
      await audit(em, context, this.entry(`host.${verb}`, host, {}));
      return this.answer(em, host.id);
    });
  }

  private async answer(em: EntityManager, id: string) {
    return { body: { host: await presentHost(em, await em.findOneByOrFail(HostEntity, { id })) } };
  }

  private entry(action: string, host: HostEntity, details: Record<string, unknown>) {
    return { action, target: { type: 'host', id: host.id }, tenantId: null, details };
  }
}
