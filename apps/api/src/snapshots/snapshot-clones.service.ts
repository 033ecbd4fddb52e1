import type { ApiConfig } from '@berth/config';
import type { CloneSnapshotBody, OperationView, ServerView } from '@berth/contracts';
import {
  type AuditRecord,
  createFirstOperation,
  placeOnHost,
  seal,
  ServerEntity,
  type SnapshotEntity,
  type TenantEntity,
} from '@berth/database';
import { assertWithinQuota, demandOf } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { InjectConfig } from '../api-config';
import { auditRecord, CommandsService } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';
import { presentNewOperation } from '../operations/operation-presenter';
import { newRootPassword } from '../servers/root-password';
import { presentServer } from '../servers/server-presenter';
import { giveAddresses, insertServer, lockActiveTenant } from '../servers/server-reservation';
import { quotaOf, usedBy } from '../tenants/tenant-quota';
import { assertAvailable, findSnapshot, lockFound } from './snapshot-lookup';

type CloneAnswer = { server: ServerView; operation: OperationView; root_password?: string };

interface Origin {
  snapshot: SnapshotEntity;
  server: ServerEntity;
  /** How many of each family the snapshot's server has. */
  addresses: { ipv4: number; ipv6: number };
}

/** Orders for servers with a snapshot's files: on its host, all else is reserved as for any order, or nothing is. */
@Injectable()
export class SnapshotClonesService {
  constructor(
    @Inject(CommandsService) private readonly commands: CommandsService,
    @InjectConfig() private readonly config: ApiConfig,
  ) {}

  /** Throws `quota_exceeded`, `no_capacity`, `unsupported`, `conflict`. A password that was made up is answered, once. */
  clone(context: RequestContext, reference: string, body: CloneSnapshotBody): Promise<CloneAnswer> {
    return this.commands.run<CloneAnswer>(context, async (em) => {
      // The snapshot first: no delete of it can begin until this order stands.
      const origin = await lockOrigin(em, context, reference);
      const tenant = await lockActiveTenant(em, origin.snapshot.tenantId);
      const sshKeys = body.ssh_keys ?? origin.server.sshKeys;
      const made = body.root_password === undefined && sshKeys.length === 0 ? newRootPassword() : null;
      const password = body.root_password ?? made;
      const server = await reserve(em, tenant, origin, body, sshKeys);
      const sealed = password === null ? null : await seal(this.config.workerPublicKey, password);
      const operation = await createFirstOperation(
        em,
        {
          kind: 'clone_server',
          serverId: server.id,
          hostId: server.hostId,
          tenantId: server.tenantId,
          requestedBy: context.caller.tokenId,
          requestId: context.requestId,
          input: { snapshot_id: origin.snapshot.id, start: body.start, sealed_root_password: sealed },
        },
        auditOfClone(context, server, origin, body),
      );
      const answer = {
        server: await presentServer(em, server, context.caller),
        operation: presentNewOperation(operation, context.caller),
      };
      return { body: answer, ...(made !== null && { once: { root_password: made } }) };
    });
  }
}

async function lockOrigin(em: EntityManager, { caller }: RequestContext, reference: string): Promise<Origin> {
  const snapshot = await lockFound(em, await findSnapshot(em, caller, reference));
  assertAvailable(snapshot);
  const server = await em.findOneByOrFail(ServerEntity, { id: snapshot.serverId });
  const [addresses]: [Origin['addresses']] = await em.query(
    `SELECT count(*) FILTER (WHERE family = 4)::int AS ipv4, count(*) FILTER (WHERE family = 6)::int AS ipv6
       FROM addresses WHERE server_id = $1`,
    [server.id],
  );
  return { snapshot, server, addresses };
}

/** Quota, host, id range, server, addresses. */
async function reserve(
  em: EntityManager,
  tenant: TenantEntity,
  { snapshot, server: source, addresses }: Origin,
  body: CloneSnapshotBody,
  sshKeys: string[],
): Promise<ServerEntity> {
  const demand = demandOf(snapshot.limits);
  const count = { ipv4: body.ipv4 ?? addresses.ipv4, ipv6: body.ipv6 ?? addresses.ipv6 };
  assertWithinQuota(quotaOf(tenant), usedBy(tenant), { servers: 1, ...demand, ipv4: count.ipv4 });
  const families = ([4, 6] as const).filter((family) => count[`ipv${family}`] > 0);
  const capabilities = ['clone' as const, ...families.map((family) => `ipv${family}` as const)];
  const host = await placeOnHost(em, source.hostId, { demand, capabilities });
  const server = await insertServer(em, {
    tenantId: tenant.id,
    locationId: source.locationId,
    hostId: host.id,
    planId: snapshot.planId,
    templateId: snapshot.templateId,
    limits: snapshot.limits,
    features: snapshot.features,
    name: body.name,
    sshKeys,
    labels: body.labels,
    externalId: body.external_id ?? null,
    orderDigest: null,
    start: body.start,
    onboot: body.onboot,
    bootOrder: body.boot_order,
  });
  await giveAddresses(em, server, count);
  return em.findOneByOrFail(ServerEntity, { id: server.id });
}

function auditOfClone(
  context: RequestContext,
  server: ServerEntity,
  { snapshot }: Origin,
  body: CloneSnapshotBody,
): AuditRecord {
  const { root_password: _secret, ssh_keys: keys, ...shown } = body;
  return auditRecord(context, {
    action: 'server.clone',
    target: { type: 'server', id: server.id },
    tenantId: server.tenantId,
    details: { ...shown, ...(keys && { ssh_keys: keys.length }), snapshot_id: snapshot.id },
  });
}
