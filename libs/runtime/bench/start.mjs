// create() of the lxc driver, started, against the same by hand, alternating on one lab host, medians.
// Usage: node libs/runtime/bench/start.mjs LAB_DIR [TEMPLATE] [ROUNDS], after `npx tsc -b libs/runtime`.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [, , labDir, template = 'busybox', rounds = '10'] = process.argv;
process.env.BERTH_TEST_LAB_DIR = labDir;
const { openLxcHarness } = require('../dist/lxc/lxc-harness.js');

const harness = await openLxcHarness(template);
const { runtime } = harness;
await runtime.prepareHost();
await runtime.ensureTemplate(harness.image, harness.open);

const time = async (work) => {
  const before = performance.now();
  await work();
  return performance.now() - before;
};
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const byHand = (spec) => `
D=/var/lib/berth/hand/${spec.id}; R=/run/berth/roots/${spec.id}; IP=${spec.addresses[0].address}; V=v-hand
mkdir -p $D $R; chmod 711 /var/lib/berth/hand $D
btrfs -q subvolume snapshot /var/lib/berth/templates/${spec.templateSha256} $D/rootfs >/dev/null
echo ${spec.hostname} >$D/rootfs/etc/hostname
cat >$D/config <<EOF
lxc.uts.name = ${spec.hostname}
lxc.rootfs.path = dir:$R
lxc.net.0.type = empty
lxc.console.path = none
lxc.tty.max = 0
lxc.pty.max = 1024
lxc.autodev = 1
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.idmap = u 0 ${spec.idBase} 65536
lxc.idmap = g 0 ${spec.idBase} 65536
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio
lxc.mount.entry = /var/lib/lxcfs/proc/meminfo proc/meminfo none bind,create=file,optional 0 0
lxc.mount.entry = /var/lib/lxcfs/proc/cpuinfo proc/cpuinfo none bind,create=file,optional 0 0
lxc.mount.entry = /var/lib/lxcfs/proc/uptime proc/uptime none bind,create=file,optional 0 0
lxc.cgroup.memory.limit_in_bytes = 134217728
lxc.cgroup.pids.max = 500
EOF
mount --bind -o X-mount.idmap=0:${spec.idBase}:65536 $D/rootfs $R
lxc-start -P /var/lib/berth/hand -n ${spec.id} -d </dev/null >/dev/null 2>&1
P=$(lxc-info -P /var/lib/berth/hand -n ${spec.id} -pH)
ip link add $V type veth peer name eth0 netns $P
ip addr add 169.254.0.1/32 dev $V
ip link set $V up
ip route add $IP/32 dev $V
nsenter --net=/proc/$P/ns/net sh -c "ip link set lo up; ip addr add $IP/32 dev eth0; ip link set eth0 up; ip route add 169.254.0.1 dev eth0; ip route add default via 169.254.0.1"
until ping -c 1 -W 1 -q $IP >/dev/null; do :; done`;
const handDown = (spec) => `
D=/var/lib/berth/hand/${spec.id}
lxc-stop -k -P /var/lib/berth/hand -n ${spec.id} || true
ip link delete v-hand 2>/dev/null || true
umount /run/berth/roots/${spec.id}; rmdir /run/berth/roots/${spec.id}
btrfs -q subvolume delete $D/rootfs >/dev/null; rm -r $D; rmdir /var/lib/berth/hand`;

const figures = { hand: [], total: [], stop: [], destroy: [], snapshot: [] };
for (let round = 0; round < Number(rounds); round++) {
  const limits = { ram_bytes: 512 * 1024 ** 2, num_proc: 500, disk_bytes: 1024 ** 3, cpu_units: 1000 };
  const hand = harness.newSpec({ limits });
  figures.hand.push(await time(() => harness.host(byHand(hand))));
  await harness.host(handDown(hand));
  const spec = harness.newSpec({ limits });
  figures.total.push(await time(() => runtime.create(spec, { fence: 1, start: true })));
  figures.snapshot.push(await time(() => runtime.snapshotHost()));
  figures.stop.push(await time(() => runtime.kill(spec.id, { fence: 1 })));
  figures.destroy.push(await time(() => runtime.destroy(spec.id, { fence: 1 })));
}
await harness.close();
for (const [name, values] of Object.entries(figures))
  console.log(name.padEnd(9), `${median(values).toFixed(1)} ms`);
console.log('ratio    ', (median(figures.total) / median(figures.hand)).toFixed(2));
