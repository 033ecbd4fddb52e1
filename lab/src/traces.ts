import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { loopsOf } from './btrfs-pool';
import { readHierarchies } from './cgroups';
import { bridgeName } from './network';
import { mustRun } from './run';
import { qemusOf } from './vm/qemu-process';

/**
 * Everything on this machine that belongs to a lab: processes, control groups, mounts, loop devices, interfaces, routes,
 * files, and holders of the given network namespaces. Empty after `lab down`. A dead process that the machine's init has yet
 * to bury is no trace. Reads only.
 */
export async function tracesOf(
  lab: { id: string; dir: string },
  networkNamespaces: string[] = [],
): Promise<string[]> {
  const group = `berth-lab-${lab.id}`;
  const processes = numericEntries('/proc').flatMap((pid) => {
    const inGroup = readOr(`/proc/${pid}/cgroup`).includes(group);
    const inNamespace = networkNamespaces.includes(linkOr(`/proc/${pid}/ns/net`));
    return inGroup || inNamespace
      ? [`process ${pid} ${readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`]
      : [];
  });
  const groups = [...new Set(readHierarchies().flatMap(({ parent, mountPoint }) => [parent, mountPoint]))]
    .map((parent) => path.join(parent, group))
    .filter(existsSync);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(
      (line) =>
        line.includes(`${lab.dir}/`) || networkNamespaces.some((namespace) => line.includes(namespace)),
    );
  const lines = async (argv: string[]): Promise<string[]> =>
    (await mustRun(argv)).split('\n').filter((line) => line.includes(bridgeName(lab.id)));
  return [
    ...processes,
    ...qemusOf(lab.id).map(({ pid, name }) => `process ${pid} QEMU ${name}`),
    ...groups.map((place) => `group ${place}`),
    ...mounts.map((line) => `mount ${line}`),
    ...(await loopsOf(`${lab.dir}/`)).map((loop) => `loop device ${loop}`),
    ...(await lines(['ip', '-o', 'link'])),
    ...(await lines(['ip', 'route', 'show', 'table', 'all'])),
    ...(existsSync(lab.dir) ? readdirSync(lab.dir).map((name) => `file ${name}`) : []),
  ];
}

function numericEntries(dir: string): string[] {
  return readdirSync(dir).filter((name) => /^\d+$/.test(name));
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function linkOr(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
