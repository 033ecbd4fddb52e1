import type { ApiConfig } from '@berth/config';
import {
  allCapabilities,
  type Capability,
  type CreateServerBody,
  type OperationView,
  type ServerView,
} from '@berth/contracts';
import {
  createFirstOperation,
  OperationEntity,
  placeServer,
  seal,
  ServerEntity,
  type TenantEntity,
} from '@berth/database';
import { assertWithinQuota, BerthError, demandOf } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { InjectConfig } from '../api-config';
import { tenantOf } from '../auth/tenant-scope';
import { type Answer, auditRecord, CommandsService } from '../commands/commands.service';
import { bodyDigest } from '../http/body-digest';
import type { RequestContext } from '../http/request-context';
import { presentNewOperation, presentOperation } from '../operations/operation-presenter';
import { quotaOf, usedBy } from '../tenants/tenant-quota';
import { assertAddressesLeft, chooseFor, type OrderChoice } from './order-choice';
import { newRootPassword } from './root-password';
import { presentServer, serverView } from './server-presenter';
import { giveAddresses, insertServer, lockActiveTenant } from './server-reservation';

type OrderAnswer = { server: ServerView; operation: OperationView; root_password?: string };

/** Limits that some driver can enforce must be enforced; the others are accounted for only. */
function capabilitiesFor(choice: OrderChoice): Capability[] {
  const limits = Object.entries(choice.plan.limits).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  const wanted = new Set(limits.map(([name]) => `limit:${name}`));
  if (choice.ipv4 > 0) wanted.add('ipv4');
  if (choice.ipv6 > 0) wanted.add('ipv6');
  return allCapabilities.filter((capability) => wanted.has(capability));
}

/** Takes orders for servers: everything that a server needs is reserved in one transaction, or nothing is. */
@Injectable()
export class ServerOrdersService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
    @InjectConfig() private readonly config: ApiConfig,
  ) {}

  async order(context: RequestContext, body: CreateServerBody): Promise<OrderAnswer> {
    const tenantId = tenantOf(context.caller, body.tenant_id);
    const made = body.root_password === undefined && body.ssh_keys.length === 0 ? newRootPassword() : null;
    const password = body.root_password ?? made;
    const digest = bodyDigest({ ...body, tenant_id: tenantId }, tenantId);
    // Read beside the lock, under which the tenant's orders go one by one. What is repeated may name a plan that is gone.
    const early = body.external_id == null ? chooseFor(this.dataSource.manager, body) : null;
    early?.catch(() => undefined); // thrown where it is awaited, if the tenant may order at all
    return this.commands.run(context, async (em) => {
      // Lock order everywhere: tenant, host, then addresses and server.
      const tenant = await lockActiveTenant(em, tenantId);
      const earlier = await this.earlierOrder(em, context, tenantId, body.external_id, digest);
      if (earlier) return earlier;
      const choice = await (early ?? chooseFor(em, body));
      const { server, addresses } = await this.reserve(em, tenant, choice, body, digest);
      // Sealing costs more than anything else here: only orders that are taken pay for it.
      const sealed = password === null ? null : await seal(this.config.workerPublicKey, password);
      const operation = await createFirstOperation(
        em,
        {
          kind: 'create_server',
          serverId: server.id,
          hostId: server.hostId,
          tenantId,
          requestedBy: context.caller.tokenId,
          requestId: context.requestId,
          input: { start: body.start, sealed_root_password: sealed },
        },
        this.auditOf(context, server, body),
      );
      const answer = this.presentNew(context, choice, server, addresses, operation);
      return { body: answer, ...(made !== null && { once: { root_password: made } }) };
    });
  }

  /** The order with this external_id, where there was one: the same again is answered as the first, another refused. */
  private async earlierOrder(
    em: EntityManager,
    context: RequestContext,
    tenantId: string,
    externalId: string | null | undefined,
    digest: string,
  ): Promise<Answer<OrderAnswer> | null> {
    if (externalId == null) return null;
    const server = await em.findOneBy(ServerEntity, { tenantId, externalId, deletedAt: IsNull() });
    if (!server) return null;
    if (server.orderDigest !== digest) {
      throw new BerthError(
        'uniqueness_error',
        `another server of this tenant has the external_id ${externalId}`,
        {
          field: 'external_id',
          server_id: server.id,
        },
      );
    }
    const operation = await em.findOneOrFail(OperationEntity, {
      where: { serverId: server.id, kind: 'create_server' },
      order: { createdAt: 'ASC' },
    });
    return { body: await this.present(em, context, server, operation) };
  }

  /** Quota, host, id range, server, addresses. Throws `quota_exceeded`, `no_capacity`, `unsupported`. */
  private async reserve(
    em: EntityManager,
    tenant: TenantEntity,
    choice: OrderChoice,
    body: CreateServerBody,
    digest: string,
  ): Promise<{ server: ServerEntity; addresses: ServerView['addresses'] }> {
    const demand = demandOf(choice.plan.limits);
    assertWithinQuota(quotaOf(tenant), usedBy(tenant), { servers: 1, ...demand, ipv4: choice.ipv4 });
    assertAddressesLeft(choice);
    const host = await placeServer(em, {
      locationId: choice.location.id,
      architecture: choice.template.architecture,
      demand,
      capabilities: capabilitiesFor(choice),
    });
    const server = await insertServer(em, {
      tenantId: tenant.id,
      locationId: choice.location.id,
      hostId: host.id,
      planId: choice.plan.id,
      templateId: choice.template.id,
      limits: choice.plan.limits,
      features: [],
      name: body.name,
      sshKeys: body.ssh_keys,
      labels: body.labels,
      externalId: body.external_id ?? null,
      orderDigest: digest,
      start: body.start,
      onboot: body.onboot,
      bootOrder: body.boot_order,
    });
    return { server, addresses: await giveAddresses(em, server, choice) };
  }

  /** All that the answer says is known: an order's customer need not wait for its own rows to be read again. */
  private presentNew(
    { caller }: RequestContext,
    choice: OrderChoice,
    server: ServerEntity,
    addresses: ServerView['addresses'],
    operation: OperationEntity,
  ): OrderAnswer {
    const [plan, template, location] = [choice.plan.name, choice.template.name, choice.location.name];
    const around = { plan, template, location, addresses, operation: operation.id };
    return {
      server: serverView(server, around, caller),
      operation: presentNewOperation(operation, caller),
    };
  }

  private async present(
    em: EntityManager,
    { caller }: RequestContext,
    server: ServerEntity,
    operation: OperationEntity,
  ): Promise<OrderAnswer> {
    return {
      server: await presentServer(em, server, caller),
      operation: await presentOperation(em, operation, caller),
    };
  }

  private auditOf(context: RequestContext, server: ServerEntity, body: CreateServerBody) {
    const { root_password: _secret, ssh_keys: keys, ...shown } = body;
    return auditRecord(context, {
      action: 'server.create',
      target: { type: 'server', id: server.id },
      tenantId: server.tenantId,
      details: { ...shown, ssh_keys: keys.length },
    });
  }
}
