import { readFileSync } from 'node:fs';
import { run, mustRun } from './run';
import type { LabRecord } from './lab-state';

const IFF_UP = 1;

/** The bridge's name is also the prefix of every interface that a lab has in this machine's network namespace. */
export function bridgeName(labId: string): string {
  return `bl${labId}`;
}

export function portName(labId: string, hostIndex: number): string {
  return `${bridgeName(labId)}-${hostIndex}`;
}

/** Every IPv4 range that an interface or a route of this machine uses. */
export async function usedRanges(): Promise<string[]> {
  const addresses = JSON.parse(await mustRun(['ip', '-4', '-j', 'addr'])) as {
    addr_info: { local: string; prefixlen: number }[];
  }[];
  const routes = JSON.parse(await mustRun(['ip', '-4', '-j', 'route', 'show', 'table', 'all'])) as {
    dst: string;
  }[];
  return [
    ...addresses.flatMap((link) => link.addr_info.map((info) => `${info.local}/${info.prefixlen}`)),
    ...routes.map((route) => route.dst).filter((dst) => dst !== 'default'),
  ];
}

/** Makes the lab's bridge with the gateway addresses. Idempotent; refuses a bridge of that name that isn't this lab's. */
export async function makeBridge(lab: LabRecord): Promise<void> {
  const alias = `berth-lab ${lab.dir}`;
  const present = await run(['ip', '-j', 'link', 'show', lab.bridge]);
  if (present.code === 0) {
    const [link] = JSON.parse(present.stdout) as { ifalias?: string }[];
    if (link?.ifalias !== undefined && link.ifalias !== alias) {
      throw new Error(
        `the interface ${lab.bridge} belongs to somebody else (${link.ifalias}): choose another --dir`,
      );
    }
  } else {
    // Snooping off: neighbour solicitations for servers' addresses must reach hosts that never joined their group.
    await mustRun(['ip', 'link', 'add', lab.bridge, 'type', 'bridge', 'mcast_snooping', '0']);
  }
  await mustRun(['ip', '-batch', '-'], {
    input: [
      `link set ${lab.bridge} alias "${alias}"`,
      `addr replace ${lab.gateway4}/${lab.subnet4.split('/')[1]} dev ${lab.bridge}`,
      `addr replace ${lab.gateway6}/64 dev ${lab.bridge} nodad`,
      `link set ${lab.bridge} up`,
      `route replace ${lab.serverPool6} dev ${lab.bridge}`,
      '',
    ].join('\n'),
  });
}

/** Gives a host its `eth0`: a veth pair from the lab's bridge into the network namespace of `pid`. */
export async function plugHost(lab: LabRecord, hostIndex: number, pid: number): Promise<void> {
  const port = portName(lab.id, hostIndex);
  await removeLink(port);
  await mustRun(['ip', '-batch', '-'], {
    input: [
      `link add ${port} type veth peer name eth0 address ${hardwareAddress(lab.id, hostIndex)} netns ${pid}`,
      `link set ${port} master ${lab.bridge} up`,
      '',
    ].join('\n'),
  });
}

/** Makes the tap device that a virtual machine's network card is plugged into, on the lab's bridge. */
export async function plugTap(lab: LabRecord, hostIndex: number): Promise<void> {
  const port = portName(lab.id, hostIndex);
  await removeLink(port);
  await mustRun(['ip', 'tuntap', 'add', 'dev', port, 'mode', 'tap']);
  await mustRun(['ip', 'link', 'set', port, 'master', lab.bridge, 'up']);
}

/** The same at every boot, so that neighbours need not learn it again. */
export function hardwareAddress(labId: string, hostIndex: number): string {
  return `02:${labId.replace(/(..)(?=.)/g, '$1:')}:${hostIndex.toString(16).padStart(2, '0')}`;
}

export async function setPort(lab: LabRecord, hostIndex: number, to: 'up' | 'down'): Promise<void> {
  await mustRun(['ip', 'link', 'set', portName(lab.id, hostIndex), to]);
}

export function isPortUp(labId: string, hostIndex: number): boolean {
  try {
    const flags = readFileSync(`/sys/class/net/${portName(labId, hostIndex)}/flags`, 'utf8');
    return (Number(flags.trim()) & IFF_UP) !== 0;
  } catch {
    return false;
  }
}

/** Removes an interface if it is there. */
export async function removeLink(name: string): Promise<void> {
  const result = await run(['ip', 'link', 'del', name]);
  if (result.code !== 0 && !/Cannot find device/.test(result.stderr)) {
    throw new Error(`cannot remove the interface ${name}: ${result.stderr.trim()}`);
  }
}

/** Removes the bridge and every port of the lab, recorded or not. */
export async function removeNetwork(labId: string): Promise<void> {
  const links = JSON.parse(await mustRun(['ip', '-j', 'link'])) as { ifname: string }[];
  const bridge = bridgeName(labId);
  for (const { ifname } of links) if (ifname.startsWith(`${bridge}-`)) await removeLink(ifname);
  await removeLink(bridge);
}

/**
 * Where bridged packets pass through the machine's packet filter (br_netfilter) and its forward policy is to drop, as
 * Docker sets it, hosts can't reach each other. Returns what to tell the user, or undefined if all is well.
 */
export async function bridgeFilterTrouble(): Promise<string | undefined> {
  const policies = await run(['nft', 'list', 'ruleset']).catch(() => undefined);
  const drops = (hook: string): boolean =>
    new RegExp(`hook ${hook} [^}]*?policy drop`).test(policies?.stdout ?? '');
  if (drops('forward') && readSetting('/proc/sys/net/bridge/bridge-nf-call-iptables') === '1') {
    return "the packet filter of this machine drops bridged traffic: `sysctl -w net.bridge.bridge-nf-call-iptables=0`, or accept the lab's bridge in the forward chain";
  }
  if (drops('input')) {
    return "the packet filter of this machine drops incoming packets by default: accept those from the lab's bridge (interfaces named bl*) in the input chain";
  }
  return undefined;
}

function readSetting(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
