import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '@berth/lab';
import { patience } from '@berth/testing';

/** From the source (jest) and from the build (bench). */
const SCRIPTS = ['../../lab/scripts', '../../../lab/scripts']
  .map((path) => join(__dirname, path))
  .find(existsSync)!;
const BASE = '/var/lib/berth/by-hand';
/** Far above the ids of Berth's own servers in the lab. */
const FIRST_UID = 3_100_000_000;

/** Servers that plain scripts make and migrate between two lab hosts: what ours are measured against. */
export class HandMade {
  private made = 0;

  constructor(
    private readonly lab: Lab,
    private readonly hosts: readonly [string, string],
  ) {}

  /** Scripts, a key from the first host to the second, and the template, which both hosts have as Berth's. */
  async install(templateSha256: string): Promise<void> {
    for (const host of this.hosts) {
      for (const name of ['hand-made-server.sh', 'hand-made-migration.sh']) {
        const script = readFileSync(join(SCRIPTS, name), 'utf8');
        await this.on(host, `cat >/root/${name}; chmod +x /root/${name}`, script);
      }
      await this.on(host, `mkdir -p ${BASE}/templates; chmod 711 ${BASE}`);
    }
    const [source, target] = this.hosts;
    await this.on(
      source,
      `[ -d ${BASE}/templates/t ] || btrfs -q subvolume snapshot -r /var/lib/berth/templates/${templateSha256} ${BASE}/templates/t
       [ -e /root/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C by-hand -f /root/.ssh/id_ed25519`,
    );
    const key = await this.on(source, 'cat /root/.ssh/id_ed25519.pub');
    await this.on(
      target,
      'grep -q by-hand /root/.ssh/authorized_keys || cat >>/root/.ssh/authorized_keys',
      key,
    );
  }

  /** A server on the first host, once systemd is up; `script` is run in it then. */
  async server(address: string, script: string): Promise<{ name: string; uid: number }> {
    const name = `hand${++this.made}`;
    const uid = FIRST_UID + this.made * 65_536;
    await this.on(
      this.hosts[0],
      `/root/hand-made-server.sh create ${name} t ${address} ${uid}
       for _ in $(seq 300); do
         state=$(lxc-attach -P ${BASE} -n ${name} -- systemctl is-system-running 2>/dev/null </dev/null) || :
         [ "$state" != running ] || break
         sleep 0.1
       done
       lxc-attach -P ${BASE} -n ${name} -- sh -e`,
      script,
    );
    return { name, uid };
  }

  /** Milliseconds for which nothing of it ran, by the script's own clock. */
  async migrate({ name, uid }: { name: string; uid: number }): Promise<number> {
    const { hosts } = this.lab.state();
    const target = hosts.find((host) => host.name === this.hosts[1])!;
    return Number(
      await this.on(this.hosts[0], `/root/hand-made-migration.sh migrate ${name} ${target.address} ${uid}`),
    );
  }

  /** After its migration. */
  async destroy({ name }: { name: string }, address: string): Promise<void> {
    await this.on(this.hosts[1], `/root/hand-made-server.sh destroy ${name}; rm -rf /run/by-hand`);
    await this.on(this.hosts[0], `ip route del ${address}/32`);
  }

  private async on(host: string, script: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.lab.exec(host, ['bash', '-euo', 'pipefail', '-c', script], {
      input,
      timeoutMs: 60_000 * patience,
    });
    if (code !== 0) throw new Error(`by hand on ${host}: exit ${code}: ${stderr}`);
    return stdout;
  }
}
