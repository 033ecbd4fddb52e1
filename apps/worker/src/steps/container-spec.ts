import { unseal } from '@berth/database';
import type { StepContext } from '@berth/jobs';
import type { ContainerSpec } from '@berth/runtime';
import type { WorkerOptions } from '../core/worker-options';
import type { ServerTarget } from './server-target';

/** What a server's container is to be, as its host is told. */
export function specOf(target: ServerTarget, rootPassword: string | null): ContainerSpec {
  const { containerId, template, hostname, idBase, limits, addresses, sshKeys, features, devices } = target;
  return {
    id: containerId,
    templateSha256: template.sha256,
    hostname,
    idBase,
    limits,
    addresses,
    // The template's own resolvers are kept.
    dns: { nameservers: [], search: [] },
    sshKeys,
    rootPassword,
    features,
    devices,
  };
}

/** Null where the operation sets none. */
export async function rootPasswordOf(
  { operation }: StepContext,
  options: WorkerOptions,
): Promise<string | null> {
  const sealed = operation.input.sealed_root_password;
  return typeof sealed === 'string' ? unseal(options.config, sealed) : null;
}
