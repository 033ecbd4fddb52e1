import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Lab } from '../lab';
import { mustRun, run } from '../run';
import { waitUntil } from '../wait-until';
import { templateCatalogue, type TemplateImage } from './catalogue';

jest.setTimeout(600_000);

const SCRIPT = path.join(__dirname, '..', '..', 'scripts', 'hand-made-server.sh');
const LXC_DIR = '/var/lib/berth/by-hand';

/** Servers made by hand, as Berth makes them: what the templates and the hosts promise, without Berth in between. */
describe('templates on a lab host', () => {
  const dir = path.join(mkdtempSync(path.join(tmpdir(), 'lab-test-')), 'lab');
  const lab = Lab.open(dir);
  let images: TemplateImage[];

  const onHost = async (argv: string[], input?: Buffer): Promise<string> => {
    const { code, stdout, stderr } = await lab.exec('host-1', argv, { input, timeoutMs: 60_000 });
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${code} ${stderr}${stdout}`);
    return stdout;
  };
  // lxc-info that asks a monitor in the middle of a reboot may wait for its answer for ever.
  const initOf = async (server: string): Promise<string> => {
    const ask = ['lxc-info', '-P', LXC_DIR, '-n', server, '-pH'];
    const { code, stdout } = await lab.exec('host-1', ask, { timeoutMs: 1_000 });
    return code === 0 ? stdout.trim() : '';
  };
  const inServer = (server: string, ...argv: string[]): Promise<string> =>
    onHost(['lxc-attach', '-P', LXC_DIR, '-n', server, '--', ...argv]);
  const ssh = (address: string, command: string) => {
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
      'ConnectTimeout=2',
    ];
    const key = path.join(dir, 'id_ed25519');
    return run(
      ['ssh', '-i', key, ...options.flatMap((option) => ['-o', option]), `root@${address}`, command],
      {
        timeoutMs: 20_000,
      },
    );
  };
  const answers = (address: string): Promise<true> =>
    waitUntil(`${address} answering ping`, 10_000, async () =>
      (await run(['ping', '-c', '1', '-W', '1', address])).code === 0 ? (true as const) : undefined,
    );
  const stopped = (server: string): Promise<string> =>
    onHost(['lxc-wait', '-P', LXC_DIR, '-n', server, '-s', 'STOPPED', '-t', '20']);

  beforeAll(async () => {
    images = await templateCatalogue();
    await lab.up({ hosts: 1, poolSizeBytes: 8 * 1024 ** 3 });
    await onHost(['sh', '-c', 'cat > /root/by-hand && chmod 755 /root/by-hand'], readFileSync(SCRIPT));
    for (const image of images) {
      await onHost(['sh', '-c', 'cat > /var/lib/berth/image'], readFileSync(image.path));
      await onHost(['/root/by-hand', 'template', image.name, '/var/lib/berth/image']);
    }
  });

  afterAll(async () => {
    await lab.down();
    rmSync(path.dirname(dir), { recursive: true });
  });

  it('are catalogued with their true checksum and size', () => {
    expect(images.map((image) => image.name)).toEqual(['debian-12', 'debian-13', 'busybox']);
    for (const image of images) {
      const content = readFileSync(image.path);
      expect(image.sizeBytes).toBe(content.length);
      expect(image.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    }
  });

  it('hold no host key, machine id, device, mirror or password', async () => {
    for (const name of ['debian-12', 'debian-13'] as const) {
      const root = `${LXC_DIR}/templates/${name}`;
      const { stdout } = await lab.exec('host-1', [
        'sh',
        '-c',
        `cd ${root} && ls etc/ssh; wc -c < etc/machine-id; ls dev | wc -l`,
      ]);
      expect(stdout).not.toContain('host_');
      expect(stdout).toMatch(/^0\n0\n$/m);
      expect(await onHost(['grep', '^root:', `${root}/etc/shadow`])).toMatch(/^root:\*:/);
      const sources = await onHost(['cat', `${root}/etc/apt/sources.list`]);
      expect(sources.match(/http\S+/g)).toEqual([
        'http://ftp.debian.org/debian',
        'http://ftp.debian.org/debian',
        'http://security.debian.org/debian-security',
      ]);
      for (const file of ['localtime', 'resolv.conf']) {
        expect(await onHost(['stat', '-c', '%F', `${root}/etc/${file}`])).toMatch(/^regular/);
      }
    }
  });

  it.each([
    ['debian-12', 1],
    ['debian-13', 2],
  ])('%s boots whole, takes ssh, reboots, powers off and goes', async (template, number) => {
    const server = `s${number}`;
    const address = lab.state().serverPool4.replace(/\.0\/.*/, `.${number}`);
    await onHost(['/root/by-hand', 'create', server, template, address, `${number * 65536 * 4}`]);
    await answers(address);
    const login = await waitUntil('ssh', 20_000, async () => {
      const result = await ssh(
        address,
        'systemctl is-system-running --wait; systemctl --failed --no-legend; id -u; cat /proc/self/uid_map',
      );
      return result.code === 0 ? result : undefined;
    });
    expect(login.stdout).toMatch(new RegExp(`^running\\n0\\n\\s+0 +${number * 65536 * 4} +65536\\n$`));
    expect((await ssh(address, 'stat -c %a /usr/bin/su')).stdout).toBe('4755\n');
    const hostKeys = (await ssh(address, 'cat /etc/ssh/ssh_host_*.pub')).stdout;

    const before = await initOf(server);
    await ssh(address, 'reboot');
    await waitUntil('another init', 20_000, async () => !['', before].includes(await initOf(server)));
    await waitUntil('ssh after the reboot', 20_000, async () => (await ssh(address, 'true')).code === 0);
    expect((await ssh(address, 'cat /etc/ssh/ssh_host_*.pub')).stdout).toBe(hostKeys);

    await ssh(address, 'poweroff');
    await stopped(server);
    await onHost(['/root/by-hand', 'destroy', server]);
  });

  it('busybox does what it is told by signals and from inside', async () => {
    const address = lab.state().serverPool4.replace(/\.0\/.*/, '.3');
    await onHost(['/root/by-hand', 'create', 's3', 'busybox', address, '1000000']);
    await answers(address);
    const before = await initOf('s3');
    await inServer('s3', 'reboot');
    await waitUntil('another init', 10_000, async () => !['', before].includes(await initOf('s3')));
    await answers(address);
    await inServer('s3', 'poweroff');
    await stopped('s3');
    await onHost(['lxc-start', '-P', LXC_DIR, '-n', 's3']);
    const started = Date.now();
    await onHost(['lxc-stop', '-P', LXC_DIR, '-n', 's3', '-t', '10', '--nokill']);
    expect(Date.now() - started).toBeLessThan(3_000);
    await onHost(['/root/by-hand', 'destroy', 's3']);
  });

  it('end with their host: a power loss leaves no container behind', async () => {
    const address = lab.state().serverPool4.replace(/\.0\/.*/, '.4');
    await onHost(['/root/by-hand', 'create', 's4', 'debian-12', address, '2000000']);
    await answers(address);
    await lab.crash('host-1');
    expect(
      (await mustRun(['sh', '-c', `cat /proc/[0-9]*/cgroup 2>/dev/null || :`])).includes(
        `berth-lab-${lab.id}`,
      ),
    ).toBe(false);
    await lab.start('host-1');
    expect(await onHost(['ls', LXC_DIR])).toContain('s4');
  });
});
