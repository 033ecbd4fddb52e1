import { patience } from '@berth/testing';
import type { Lab } from '@berth/lab';

/**
 * Everything that a server may leave on a host, one line each: subvolumes, files, mounts, links, routes,
 * proxy entries, firewall elements, control groups, processes. Fences stay by design, and lock files are nothing.
 */
const SCRIPT = `
set -u
btrfs subvolume list /var/lib/berth | sed 's/^.* path /subvolume /'
for d in /var/lib/berth/containers /run/berth/roots /run/berth/state; do [ -d "$d" ] && find "$d" -mindepth 1 -maxdepth 1 -printf 'file %p\\n'; done
awk '$5 ~ /berth/ { print "mount", $5 }' /proc/self/mountinfo
ip -o link | awk -F': ' '{ print "link", $2 }' | sed 's/@.*//'
ip -4 route show table all type unicast | sed 's/^/route4 /'
ip -4 route show table all type blackhole | sed 's/^/blackhole4 /'
ip -6 route show table all type unicast | grep -v '^fe80' | sed 's/^/route6 /'
ip -4 neigh show proxy | sed 's/^/proxy4 /'
ip -6 neigh show proxy | sed 's/^/proxy6 /'
nft list ruleset | grep -oE '"v-[^"]*" \\. [0-9a-f:./]+' | sed 's/^/element /'
find /sys/fs/cgroup -type d -name 'lxc.*' -printf 'cgroup %p\\n'
ps -eo stat=,args= | grep -v '^Z' | grep -oE '[l]xc monitor.*|[l]xc-start.*|[l]xc-stop.*|[l]xc-attach.*' | sed 's/^/process /'
`;

export async function tracesOf(lab: Lab, host: string): Promise<string[]> {
  const { code, stdout, stderr } = await lab.exec(host, ['bash', '-s'], {
    input: SCRIPT,
    timeoutMs: 20_000 * patience,
  });
  // grep's "nothing found" is no failure.
  if (code > 1) throw new Error(`listing the traces on ${host} failed (${code}): ${stderr}`);
  return [...new Set(stdout.split('\n').filter(Boolean))].sort();
}

/** Quota groups of no subvolume and no container: the kernel lets them go some time after what they counted. */
export async function strayQuotaGroupsOf(lab: Lab, host: string): Promise<string[]> {
  const script = `cd /var/lib/berth; btrfs filesystem sync .; btrfs qgroup show .; echo; btrfs subvolume list .; ls containers`;
  const { stdout } = await lab.exec(host, ['sh', '-c', script], { timeoutMs: 20_000 * patience });
  const ids = (pattern: RegExp) => [...stdout.matchAll(pattern)].map(([, id]) => id!);
  const owned = new Set([
    '0/5', // the top level
    ...ids(/^ID (\d+) /gm).map((id) => `0/${id}`),
    ...ids(/^ct(\d+)$/gm).map((number) => `1/${number}`),
  ]);
  return ids(/^(\d+\/\d+) /gm).filter((group) => !owned.has(group));
}
