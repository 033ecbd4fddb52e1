import type { MigrationModeName, OperationInput, ServerStatus } from '@berth/contracts';
import type { OperationEntity } from '@berth/database';
import { containerIdOf, StepError } from '@berth/domain';
import type { StepContext } from '@berth/jobs';
import type { ContainerRuntime } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { hostRecordSql, type HostRecord } from '../hosts/host-record';
import { HostRuntimes } from '../hosts/host-runtimes';
import { templateRecordSql, type TemplateRecord } from '../templates/host-templates';

interface MigrationEnd {
  host: HostRecord;
  runtime: ContainerRuntime;
  capabilities: string[];
}

/** A server on its way, or lately: where from and where to, whichever of them its row names by now. */
export interface MigrationTarget {
  serverId: string;
  containerId: string;
  status: ServerStatus;
  migrationId: string;
  /** In the order in which they are tried; none where only the source is left to be cleared. */
  modes: MigrationModeName[];
  bandwidthBps: number | undefined;
  /** What it was made of. */
  template: TemplateRecord;
  source: MigrationEnd;
  target: MigrationEnd;
}

interface Row {
  operation_id: string;
  server_id: string;
  number: string;
  status: ServerStatus;
  template: TemplateRecord;
  source: HostRecord;
  source_capabilities: string[];
  target: HostRecord;
  target_capabilities: string[];
}

const SQL = `
  SELECT m.operation_id, s.id AS server_id, s.number, s.status,
         ${templateRecordSql('t')} AS template,
         ${hostRecordSql('a')} AS source, a.capabilities AS source_capabilities,
         ${hostRecordSql('b')} AS target, b.capabilities AS target_capabilities
    FROM server_migrations m JOIN servers s ON s.id = m.server_id JOIN templates t ON t.id = s.template_id
    JOIN hosts a ON a.id = m.source_host_id JOIN hosts b ON b.id = m.target_host_id
   WHERE m.operation_id = $1 OR m.left_to = $1`;

/** Reads migrations, once for all steps that a worker does in one go. */
@Injectable()
export class MigrationTargets {
  private readonly known = new WeakMap<OperationEntity, Promise<MigrationTarget>>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
  ) {}

  of({ operation }: StepContext): Promise<MigrationTarget> {
    let target = this.known.get(operation);
    if (!target) {
      target = this.read(operation);
      this.known.set(operation, target);
      target.catch(() => this.known.delete(operation));
    }
    return target;
  }

  private async read({ id, kind, input }: OperationEntity): Promise<MigrationTarget> {
    const [row]: Row[] = await this.dataSource.query(SQL, [id]);
    if (!row) throw new StepError('abort', 'internal', `operation ${id} has no target`);
    const wish = kind === 'migrate_server' ? (input as OperationInput<'migrate_server'>) : null;
    const end = (host: HostRecord, capabilities: string[]): MigrationEnd => ({
      host,
      runtime: this.runtimes.of(host),
      capabilities,
    });
    return {
      serverId: row.server_id,
      containerId: containerIdOf(Number(row.number)),
      status: row.status,
      migrationId: row.operation_id,
      modes: wish ? [...new Set([wish.mode, ...wish.fallback])] : [],
      bandwidthBps: wish?.bandwidth_bps ?? undefined,
      template: row.template,
      source: end(row.source, row.source_capabilities),
      target: end(row.target, row.target_capabilities),
    };
  }
}
