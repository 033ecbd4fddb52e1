import { HostEntity, seal, type OperationEntity, type ServerEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { Lab, templateCatalogue, type LabHost } from '@berth/lab';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { layFoundations, Platform, type Foundations } from './platform';

/** A platform on the lab's first host, a real LXC host. */
export class LabPlatform extends Platform {
  private constructor(
    foundations: Foundations,
    readonly lab: Lab,
    readonly labHost: LabHost,
  ) {
    super(foundations);
  }

  /** `environment`: more for the workers. */
  static async open(environment: Record<string, string> = {}): Promise<LabPlatform> {
    const dir = process.env.BERTH_TEST_LAB_DIR;
    if (!dir)
      throw new Error('BERTH_TEST_LAB_DIR is not set: run this through jest, whose set-up starts a lab');
    const lab = Lab.open(dir);
    const state = lab.state();
    const [image] = await templateCatalogue({ only: ['busybox'] });
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

  async tryEnrol(): Promise<OperationEntity> {
    const { host } = this.world;
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

  host(): Promise<HostEntity> {
    return this.manager.findOneByOrFail(HostEntity, { id: this.world.host.id });
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
    return this.lab.exec(this.labHost.name, [...attach, ...command], { timeoutMs: 20_000 });
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
