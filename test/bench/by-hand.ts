import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '@berth/lab';

const SCRIPT = '/root/hand-made-server.sh';
const ROOT = join(__dirname, '..', '..', '..');
/** Uids far above those of Berth's containers in the lab. */
const FIRST_UID = 3_000_000_000;

/** Servers made on a lab host by a plain script: the floor that orders are measured against. */
export class ByHand {
  private made = 0;

  constructor(
    private readonly lab: Lab,
    private readonly host: string,
  ) {}

  async install(): Promise<void> {
    const script = readFileSync(join(ROOT, 'lab/scripts/hand-made-server.sh'), 'utf8');
    await this.run(
      `mkdir -p /var/lib/berth/by-hand/templates; chmod 711 /var/lib/berth/by-hand; cat >${SCRIPT}; chmod +x ${SCRIPT}`,
      script,
    );
  }

  /** From the same read-only subvolume that Berth's servers are made of. */
  async template(name: string, sha256: string): Promise<void> {
    await this.run(
      `btrfs -q subvolume snapshot -r /var/lib/berth/templates/${sha256} /var/lib/berth/by-hand/templates/${name}`,
    );
  }

  /** Milliseconds on the host from the snapshot to the first answered ping; the server is removed again. */
  async server(template: string, address: string): Promise<number> {
    const name = `hand${++this.made}`;
    const uid = FIRST_UID + this.made * 65_536;
    const out = await this.run(`
      begin=$(date +%s%N)
      ${SCRIPT} create ${name} ${template} ${address} ${uid}
      until ping -q -n -c 1 -W 0.05 ${address} >/dev/null 2>&1; do :; done
      end=$(date +%s%N)
      ${SCRIPT} destroy ${name} >&2
      echo $(((end - begin) / 1000))`);
    return Number(out.trim()) / 1000;
  }

  private async run(script: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.lab.exec(
      this.host,
      ['bash', '-euo', 'pipefail', '-c', script],
      { input, timeoutMs: 60_000 },
    );
    if (code !== 0) throw new Error(`by hand on ${this.host}: ${code}: ${stderr}`);
    return stdout;
  }
}
