import { HostEntity, seal, type OperationEntity, type ServerEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { Lab, templateCatalogue, type LabHost } from '@berth/lab';
import { makeHost, patience } from '@berth/testing';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { layFoundations, Platform, type Foundations } from './platform';

/** A platform on the lab's first host, a real LXC host; on more of them if asked to. */
export class LabPlatform extends Platform {
  private readonly names = new Map<string, string>();

  private constructor(
    foundations: Foundations,
    readonly lab: Lab,
    readonly labHost: LabHost,
  ) {
    super(foundations);
    this.names.set(foundations.world.host.id, labHost.name);
  }

  /** `environment`: more for the workers. `template`: one of the lab's catalogue. */
  static async open(
    environment: Record<string, string> = {},
    template: 'busybox' | 'debian-12' | 'debian-13' = 'busybox',
  ): Promise<LabPlatform> {
    const dir = process.env.BERTH_TEST_LAB_DIR;
    if (!dir)
      throw new Error('BERTH_TEST_LAB_DIR is not set: run this through jest, whose set-up starts a lab');
    const lab = Lab.open(dir);
    const state = lab.state();
    const [image] = await templateCatalogue({ only: [template] });
    const labHost = state.hosts[0]!;
    const foundations = await layFoundations({
      cidr: state.serverPool4,
      template: { source: `file://${image!.path}`, sha256: image!.sha256, compression: 'zstd' },
      templateRoot: dirname(image!.path),
      host: (publicKey) => hostFields(labHost, publicKey),
      environment,
    });
    return new LabPlatform(foundations, lab, labHost);
  }

  async enrol(): Promise<void> {
    const ended = await this.tryEnrol();
    if (ended.status !== 'succeeded') throw new Error(`enrolment: ${JSON.stringify(ended.error)}`);
  }

  /** Another of the lab's hosts, enrolled. */
  async enrolAnother(index: number): Promise<HostEntity> {
    const labHost = this.lab.state().hosts[index]!;
    const host = await makeHost(
      this.manager,
      this.world.location.id,
      await hostFields(labHost, this.publicKey),
    );
    this.names.set(host.id, labHost.name);
    const ended = await this.tryEnrol(host);
    if (ended.status !== 'succeeded') throw new Error(`enrolment: ${JSON.stringify(ended.error)}`);
    return host;
  }

  async tryEnrol(host = this.world.host): Promise<OperationEntity> {
    await this.manager.update(HostEntity, { id: host.id }, { state: 'enrolling', reachable: false });
    const id = await this.insert({
      kind: 'enrol_host',
      serverId: null,
      hostId: host.id,
      tenantId: null,
      input: {},
    });
    return this.ended(id);
  }

  /** Seals for the workers. */
  get publicKey(): string {
    return this.environment.BERTH_WORKER_PUBLIC_KEY!;
  }

  host(id = this.world.host.id): Promise<HostEntity> {
    return this.manager.findOneByOrFail(HostEntity, { id });
  }

  /** The lab's name of a host, which is what the lab's own commands take. */
  labNameOf(hostId: string): string {
    return this.names.get(hostId)!;
  }

  async addressOf(server: ServerEntity): Promise<string> {
    const rows: { address: string }[] = await this.database.dataSource.query(
      'SELECT host(address) AS address FROM addresses WHERE server_id = $1 AND family = 4',
      [server.id],
    );
    return rows[0]!.address;
  }

  /** Runs a command in the server from its host, as somebody typing there would. */
  async inside(server: ServerEntity, ...command: string[]): Promise<{ code: number; stdout: string }> {
    const attach = [
      'lxc-attach',
      '-P',
      '/var/lib/berth/containers',
      '-n',
      containerIdOf(server.number),
      '--',
    ];
    return this.lab.exec(this.labNameOf(server.hostId), [...attach, ...command], {
      timeoutMs: 20_000 * patience,
    });
  }
}

/** What a lab host's row says; its key sealed for the workers. */
export async function hostFields(
  host: LabHost,
  publicKey: string,
): Promise<Partial<Omit<HostEntity, 'facts'>>> {
  return {
    name: host.name,
    driver: 'lxc',
    address: host.address,
    port: host.port,
    user: host.user,
    hostKeyFingerprint: host.hostKeyFingerprint,
    privateKeySealed: await seal(publicKey, readFileSync(host.privateKeyPath, 'utf8')),
  };
}
