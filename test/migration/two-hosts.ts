import type { MigrationModeName } from '@berth/contracts';
import type { HostEntity, ServerEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { eventually, patience } from '@berth/testing';
import { tracesOf } from '../chaos/host-traces';
import { LabPlatform } from '../chaos/lab-platform';
import type { BerthClient, OperationView } from '../e2e/berth-client';
import type { ApiUnderTest } from '../resources/api-under-test';

/** What the result of a migration tells that these tests look at. */
export interface MigrationResult {
  mode: string;
  bytes_sent: number;
  frozen_ms: number;
  frozen_parts_ms: Record<string, number>;
}

export type MigrationView = OperationView & { result: MigrationResult | null };

/** A platform on two real LXC hosts, with an API, for servers on their way between them. */
export class TwoHosts {
  private constructor(
    readonly platform: LabPlatform,
    readonly other: HostEntity,
    readonly api: ApiUnderTest,
    readonly operator: BerthClient,
  ) {}

  static async open(
    template: 'busybox' | 'debian-12' = 'busybox',
    environment: Record<string, string> = {},
  ): Promise<TwoHosts> {
    const platform = await LabPlatform.open(environment, template);
    const worker = await platform.worker();
    await platform.enrol();
    const other = await platform.enrolAnother(1);
    const api = await platform.api();
    const two = new TwoHosts(platform, other, api, await api.client('operator'));
    await worker.stop();
    return two;
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.platform.close();
  }

  get hostIds(): [string, string] {
    return [this.platform.world.host.id, this.other.id];
  }

  /** The one of the two that the server isn't on. */
  awayFrom(hostId: string): string {
    return this.hostIds.find((id) => id !== hostId)!;
  }

  /** A running server; its order has ended. A worker must be there. */
  async ordered(given: Partial<ServerEntity> = {}): Promise<ServerEntity> {
    const { server, operationId } = await this.platform.order(given);
    const ended = await this.platform.ended(operationId, 120_000);
    if (ended.status !== 'succeeded') throw new Error(`order: ${JSON.stringify(ended.error)}`);
    return this.platform.server(server.id);
  }

  async ask(server: ServerEntity, mode: MigrationModeName, more: object = {}): Promise<string> {
    const path = `/v1/servers/${server.id}/actions/migrate`;
    const { operation } = await this.operator.ask<{ operation: OperationView }>('POST', path, {
      mode,
      ...more,
    });
    return operation.id;
  }

  /** The operation as operators see it, once it has ended. */
  async ended(id: string, timeoutMs = 90_000): Promise<MigrationView> {
    try {
      return (await this.operator.ended(id, timeoutMs)) as MigrationView;
    } catch (cause) {
      const view = await this.operator.ask('GET', `/v1/operations/${id}`);
      throw new Error(`it does not end: ${JSON.stringify(view, null, 1)}`, { cause });
    }
  }

  /** What the server's container is on a host: `running`, `frozen`, `stopped`, or null where there is none. */
  async stateOn(hostId: string, server: ServerEntity): Promise<string | null> {
    const container = containerIdOf(server.number);
    const script = `
      cd /sys/fs/cgroup; group=$(ls -d lxc.payload.${container} pids/lxc.payload.${container} 2>/dev/null | head -n 1)
      [ -d /var/lib/berth/containers/${container} ] || { [ -z "$group" ] && exit 0; }
      count=$([ -z "$group" ] || find $group -name cgroup.procs -exec cat {} + | wc -l)
      [ "\${count:-0}" -gt 0 ] || { echo stopped; exit 0; }
      frozen=$(cat freezer/lxc.payload.${container}/freezer.state 2>/dev/null || grep -c 'frozen 1' lxc.payload.${container}/cgroup.events)
      case $frozen in FROZEN | 1) echo frozen ;; *) echo running ;; esac`;
    return (await this.on(hostId, script)).trim() || null;
  }

  /** Everything on a host that names the server's container or its address. */
  async tracesOn(hostId: string, server: ServerEntity): Promise<string[]> {
    const names = [containerIdOf(server.number), await this.platform.addressOf(server)];
    const traces = await tracesOf(this.platform.lab, this.platform.labNameOf(hostId));
    const { address } = await this.platform.host(this.awayFrom(hostId));
    return traces.filter(
      // What still comes for it is passed on to the other host for a while.
      (trace) =>
        names.some((name) => new RegExp(`\\b${name}\\b`).test(trace)) && !trace.includes(`via ${address} `),
    );
  }

  /** Runs a script on a host, past its network. */
  async on(hostId: string, script: string): Promise<string> {
    const name = this.platform.labNameOf(hostId);
    const { code, stdout, stderr } = await this.platform.lab.exec(name, ['bash', '-c', script], {
      timeoutMs: 30_000 * patience,
    });
    if (code !== 0) throw new Error(`on ${name}: exit ${code}: ${stderr}`);
    return stdout;
  }

  async inside(server: ServerEntity, line: string): Promise<string> {
    const now = await this.platform.server(server.id);
    const { code, stdout } = await this.platform.inside(now, 'sh', '-c', line);
    if (code !== 0) throw new Error(`${line}: exit ${code}: ${stdout}`);
    return stdout.trim();
  }

  async remove(server: ServerEntity): Promise<void> {
    const { operation } = await this.operator.ask<{ operation: OperationView }>(
      'DELETE',
      `/v1/servers/${server.id}`,
    );
    await this.operator.done(operation.id);
  }

  /** Until both hosts are seen again, as after a crash. */
  async bothReachable(): Promise<void> {
    for (const id of this.hostIds)
      await eventually(`host ${id} seen`, async () => (await this.platform.host(id)).reachable, {
        timeoutMs: 60_000,
      });
  }
}
