import type { ApiConfig } from '@berth/config';
import type { OperationView, ReinstallBody } from '@berth/contracts';
import { HostEntity, seal, type ServerEntity, SnapshotEntity, TemplateEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { InjectConfig } from '../api-config';
import { CommandsService } from '../commands/commands.service';
import { namedReference } from '../http/body-reference';
import type { RequestContext } from '../http/request-context';
import { invalidField } from '../http/validation.pipe';
import { presentNewOperation } from '../operations/operation-presenter';
import { assertHostCan } from './host-abilities';
import { newRootPassword } from './root-password';
import { lockServer } from './server-lookup';
import { requestOperation } from './server-operation';

type ReinstallAnswer = { operation: OperationView; root_password?: string };

/** Makes servers anew of a template: what is on their disks is lost, what they were sold as stays. */
@Injectable()
export class ServerReinstallService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
    @InjectConfig() private readonly config: ApiConfig,
  ) {}

  /** Throws `protected`: what must not be deleted must not be emptied either. A password that was made up is answered, once. */
  async reinstall(context: RequestContext, reference: string, body: ReinstallBody): Promise<ReinstallAnswer> {
    const template = await namedReference(
      this.dataSource.manager,
      TemplateEntity,
      'template',
      body.template,
      {
        deletedAt: IsNull(),
      },
    );
    return this.commands.run<ReinstallAnswer>(context, async (em) => {
      const server = await lockServer(em, context.caller, reference);
      if (server.protectionDelete) {
        const message = `${server.name} is protected, and a reinstall deletes all that is on it: change_protection {"delete": false} first`;
        throw new BerthError('protected', message, { protection: { delete: true } });
      }
      await assertRunsOn(em, server.hostId, template);
      await assertNoSnapshots(em, server);
      const made = body.root_password === undefined && server.sshKeys.length === 0 ? newRootPassword() : null;
      const password = body.root_password ?? made;
      const operation = await requestOperation(em, context, server, 'reinstall_server', {
        template_id: template.id,
        start: server.desiredState === 'running',
        sealed_root_password: password === null ? null : await seal(this.config.workerPublicKey, password),
        features: body.features ?? null,
      });
      const added = body.features?.filter((feature) => !server.features.includes(feature)) ?? [];
      await assertHostCan(
        em,
        server,
        added.map((feature) => `feature:${feature}` as const),
      );
      return {
        body: { operation: presentNewOperation(operation, context.caller) },
        ...(made !== null && { once: { root_password: made } }),
      };
    });
  }
}

/** They go with the old root: nobody shall lose them without having said so. */
async function assertNoSnapshots(em: EntityManager, server: ServerEntity): Promise<void> {
  const snapshots = await em.countBy(SnapshotEntity, { serverId: server.id, deletedAt: IsNull() });
  if (snapshots === 0) return;
  const message = `${server.name} has snapshots, which a reinstall would delete: delete them first, or roll back instead`;
  throw new BerthError('conflict', message, { snapshots });
}

async function assertRunsOn(
  em: EntityManager,
  hostId: string,
  { name, architecture }: TemplateEntity,
): Promise<void> {
  const host = await em.findOneOrFail(HostEntity, {
    where: { id: hostId },
    select: { id: true, architecture: true },
  });
  if (host.architecture === architecture) return;
  throw invalidField(
    'template',
    `${name} is for ${architecture}, the server's host runs ${host.architecture}`,
  );
}
