import type { ListLocationsQuery, LocationBody, LocationView } from '@berth/contracts';
import { LocationEntity, newId } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import { findByReference } from '../http/reference';
import type { RequestContext } from '../http/request-context';

const view = (location: LocationEntity): LocationView => ({ id: location.id, name: location.name });

@Injectable()
export class LocationsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  async list(query: ListLocationsQuery) {
    const found = this.dataSource.manager.createQueryBuilder(LocationEntity, 'location');
    if (query.name) found.where('location.name = :name', { name: query.name });
    const columns = { name: 'location.name', created_at: 'location.createdAt', id: 'location.id' };
    const { rows, pagination } = await listPage(found, query, columns, { field: 'name', direction: 'asc' });
    return { locations: rows.map(view), meta: { pagination } };
  }

  async get(reference: string) {
    return { location: view(await this.find(this.dataSource.manager, reference)) };
  }

  create(context: RequestContext, body: LocationBody) {
    return this.commands.run(context, async (em) => {
      const location = await em.save(
        em.create(LocationEntity, { id: newId(), name: body.name, nextIdSlot: 0 }),
      );
      await audit(em, context, this.entry('location.create', location.id, body));
      return { body: { location: view(location) } };
    });
  }

  rename(context: RequestContext, reference: string, body: LocationBody) {
    return this.commands.run(context, async (em) => {
      const location = await this.find(em, reference);
      await em.update(LocationEntity, { id: location.id }, { name: body.name });
      await audit(em, context, this.entry('location.update', location.id, body));
      return { body: { location: view({ ...location, name: body.name }) } };
    });
  }

  /** Refused with `conflict`, by the foreign keys, where a host, a pool or a server (deleted ones too) is in it. */
  async delete(context: RequestContext, reference: string): Promise<void> {
    await this.commands.run(context, async (em) => {
      const location = await this.find(em, reference);
      await em.query('DELETE FROM free_id_slots WHERE location_id = $1', [location.id]);
      await em.delete(LocationEntity, { id: location.id });
      await audit(em, context, this.entry('location.delete', location.id, { name: location.name }));
      return { body: {} };
    });
  }

  private find(em: DataSource['manager'], reference: string) {
    return findByReference(em, LocationEntity, 'location', reference, {});
  }

  private entry(action: string, id: string, details: Record<string, unknown>) {
    return { action, target: { type: 'location', id }, tenantId: null, details };
  }
}
