import { prepared } from '@berth/database';
import type { Device, Feature, Limits, ServerStatus } from '@berth/contracts';
import type { OperationEntity } from '@berth/database';
import { containerIdOf, idBaseOf, StepError } from '@berth/domain';
import type { ContainerAddress, ContainerRuntime } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { hostRecordSql, type HostRecord } from '../hosts/host-record';
import { HostRuntimes } from '../hosts/host-runtimes';
import { templateRecordSql, type TemplateRecord } from '../templates/host-templates';

/** A server as a step needs it: where it is, and what its container is to be. */
export interface ServerTarget {
  serverId: string;
  containerId: string;
  status: ServerStatus;
  checkpointed: boolean;
  hostname: string;
  limits: Limits;
  idBase: number;
  sshKeys: string[];
  addresses: ContainerAddress[];
  features: Feature[];
  devices: Device[];
  /** The one to make it of: of a reinstall the new one. */
  template: TemplateRecord;
  host: HostRecord;
  runtime: ContainerRuntime;
}

interface Row {
  number: string;
  status: ServerStatus;
  checkpointed: boolean;
  hostname: string;
  limits: Limits;
  id_slot: number;
  ssh_keys: string[];
  features: Feature[];
  devices: Device[];
  template: TemplateRecord;
  host: HostRecord;
  addresses: ContainerAddress[];
}

const TARGET_SQL = prepared(
  'server_target',
  `
  SELECT s.number, s.status, s.checkpointed, s.hostname, s.limits, s.id_slot, s.ssh_keys, s.features, s.devices,
         ${templateRecordSql('t')} AS template,
         ${hostRecordSql('h')} AS host,
         coalesce((SELECT jsonb_agg(jsonb_build_object('address', host(a.address), 'family', a.family, 'prefix', a.prefix)
                                    ORDER BY a.family, a.is_primary DESC, a.id)
                     FROM addresses a WHERE a.server_id = s.id), '[]') AS addresses
    FROM servers s JOIN templates t ON t.id = coalesce($2::uuid, s.template_id) JOIN hosts h ON h.id = s.host_id
   WHERE s.id = $1`,
);

/** Reads servers, once for all steps that a worker does in one go: nobody else may change them meanwhile. */
@Injectable()
export class ServerTargets {
  private readonly known = new WeakMap<OperationEntity, Promise<ServerTarget>>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
  ) {}

  of(operation: OperationEntity): Promise<ServerTarget> {
    let target = this.known.get(operation);
    if (!target) {
      target = this.read(operation);
      this.known.set(operation, target);
      target.catch(() => this.known.delete(operation));
    }
    return target;
  }

  private async read(operation: OperationEntity): Promise<ServerTarget> {
    const rows: Row[] = await this.dataSource.query(TARGET_SQL, [
      operation.serverId,
      operation.input.template_id ?? null,
    ]);
    const row = rows[0];
    if (!row)
      throw new StepError(
        'abort',
        'internal',
        `operation ${operation.id} names a server that does not exist`,
      );
    return {
      serverId: operation.serverId!,
      containerId: containerIdOf(Number(row.number)),
      status: row.status,
      checkpointed: row.checkpointed,
      hostname: row.hostname,
      limits: row.limits,
      idBase: idBaseOf(row.id_slot),
      sshKeys: row.ssh_keys,
      addresses: row.addresses,
      // A reinstall may give others.
      features: (operation.input.features as Feature[] | null | undefined) ?? row.features,
      devices: row.devices,
      template: row.template,
      host: row.host,
      runtime: this.runtimes.of(row.host),
    };
  }
}
