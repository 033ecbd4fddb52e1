import { createReadStream, readFileSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MIB } from '../conformance/conformance-harness';
import type { ConformanceHarness } from '../conformance/conformance-harness';
import type { ContainerSpec, TemplateImage } from '../container-runtime';
import { SshConnection } from '../ssh/ssh-connection';
import { labEndpoint, labFile } from '../testing/lab-hosts';
import { LxcRuntime } from './lxc-runtime';

export interface LxcHarness extends ConformanceHarness {
  runtime: LxcRuntime;
  connection: SshConnection;
  /** Runs a line on the host as root, and gives stdout; throws on a non-zero exit. */
  host(line: string): Promise<string>;
}

/** Never the same twice, since hosts remember the fences of ids that are gone. */
const idBlock = 1_000_000 + (Math.floor(Date.now() / 1000) % 8_000_000);
let number = 0;

/** A lab host with one of the lab's templates. Ids, ranges and addresses differ between processes and calls. */
export async function openLxcHarness(template = 'busybox', hostIndex = 0): Promise<LxcHarness> {
  const connection = new SshConnection(labEndpoint(hostIndex));
  const runtime = new LxcRuntime(connection);
  const { image, path } = templateImage(template);
  return {
    runtime,
    connection,
    image,
    open: async () => createReadStream(path),
    newSpec: (change = {}) => newSpec(image, change),
    host: (line) => connection.script(line, { action: 'look' }),
    close: () => connection.close(),
  };
}

function newSpec(image: TemplateImage, change: Partial<ContainerSpec>): ContainerSpec {
  // Each jest worker has a share of the pool of its own.
  const share = Number(process.env.JEST_WORKER_ID ?? 1) % 4;
  const mine = share * 200 + (number++ % 200);
  const [a, b, c] = labFile().serverPool4.split('/')[0]!.split('.').map(Number);
  return {
    id: `ct${idBlock * 1000 + mine}`,
    templateSha256: image.sha256,
    hostname: `box-${number}`,
    idBase: 65_536 * (2 + mine),
    limits: { ram_bytes: 128 * MIB, num_proc: 100, disk_bytes: 200 * MIB },
    addresses: [{ address: `${a}.${b}.${c! + (mine >> 8)}.${mine & 255}`, family: 4, prefix: 32 }],
    dns: { nameservers: ['192.0.2.53'], search: [] },
    sshKeys: [],
    rootPassword: null,
    ...change,
  };
}

/** From the lab's cache of images. */
function templateImage(name: string): { image: TemplateImage; path: string } {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'berth');
  const built = (entry: string) => statSync(join(cache, entry)).mtimeMs;
  const dirs = readdirSync(cache).filter((entry) => entry.startsWith(`template-${name}-`));
  const dir = dirs.sort((a, b) => built(a) - built(b)).at(-1); // Older ones are of older recipes.
  if (!dir) throw new Error(`no image of ${name} in ${cache}: the lab builds it (\`npm run lab -- up\`)`);
  const about = JSON.parse(readFileSync(join(cache, dir, 'template.json'), 'utf8')) as { sha256: string };
  return { image: { sha256: about.sha256, compression: 'zstd' }, path: join(cache, dir, 'rootfs.tar.zst') };
}
