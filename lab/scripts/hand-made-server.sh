#!/bin/bash
# A server made by hand on a lab host, without Berth: shows that host and templates are fit for it, and is the floor that
# Berth's own times are measured against. Runs on the host:
#   hand-made-server.sh template NAME TARBALL          unpack a template once
#   hand-made-server.sh create CT TEMPLATE IPV4 UID    snapshot, idmapped mount, configuration, start, network
#   hand-made-server.sh destroy CT
# CT is its name, UID the first of its 65536 ids. root/.ssh/authorized_keys comes from /root/.ssh of the host.
set -euo pipefail
base=/var/lib/berth/by-hand
self=$(readlink -f "$0")

template() {
  mkdir -p $base/templates
  btrfs -q subvolume create "$base/templates/$1"
  tar --zstd --numeric-owner -xf "$2" -C "$base/templates/$1"
  btrfs property set -ts "$base/templates/$1" ro true
}

create() {
  local ct=$1 template=$2 ip=$3 uid=$4 dir=$base/$1
  mkdir -p "$dir/root"
  chmod 711 "$dir"
  btrfs -q subvolume snapshot "$base/templates/$template" "$dir/rootfs"
  install -m 600 /root/.ssh/authorized_keys "$dir/rootfs/root/.ssh/authorized_keys" 2>/dev/null || :
  echo "$ct" > "$dir/rootfs/etc/hostname"
  echo "$ip" > "$dir/ip"
  mount --bind -o "X-mount.idmap=0:$uid:65536" "$dir/rootfs" "$dir/root"
  cat > "$dir/config" <<EOF
lxc.rootfs.path = dir:$dir/root
lxc.uts.name = $ct
lxc.net.0.type = empty
lxc.console.path = none
lxc.tty.max = 0
lxc.pty.max = 1024
lxc.autodev = 1
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.hook.version = 1
lxc.hook.start-host = $self plug
lxc.idmap = u 0 $uid 65536
lxc.idmap = g 0 $uid 65536
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio
lxc.environment = MEMORY_PRESSURE_WATCH=/dev/null
$(for file in cpuinfo diskstats meminfo stat swaps uptime loadavg; do
    echo "lxc.mount.entry = /var/lib/lxcfs/proc/$file proc/$file none bind,create=file,optional 0 0"
  done)
EOF
  lxc-start -P $base -n "$ct" -d </dev/null >/dev/null 2>"$dir/error" || { cat "$dir/error"; exit 1; }
}

# LXC's hook once the server's namespaces are there, at reboots too: LXC_NAME, LXC_PID.
plug() {
  local ip port=v-$LXC_NAME ns=/proc/$LXC_PID/ns/net
  ip=$(cat "$base/$LXC_NAME/ip")
  [ ! "$ns" -ef /proc/self/ns/net ]
  sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.neigh.eth0.proxy_delay=0
  ip link del "$port" 2>/dev/null || :
  ip link add "$port" type veth peer name eth0 netns "$LXC_PID"
  nsenter --net="$ns" -- ip -batch - <<EOF
link set lo up
addr add $ip/32 dev eth0
link set eth0 up
route add 169.254.0.1 dev eth0
route add default via 169.254.0.1 src $ip
EOF
  ip addr add 169.254.0.1/32 dev "$port"
  ip link set "$port" up
  ip route replace "$ip/32" dev "$port"
  arping -q -c1 -w1 -U -I eth0 -s "$ip" "$ip" </dev/null >/dev/null 2>&1 &
}

destroy() {
  local ct=$1 dir=$base/$1
  lxc-stop -P $base -n "$ct" -k 2>/dev/null || :
  lxc-wait -P $base -n "$ct" -s STOPPED -t 10
  ip link del "v-$ct" 2>/dev/null || :
  umount "$dir/root"
  btrfs -q subvolume delete "$dir/rootfs"
  rm -rf "$dir"
}

verb=$1
shift
[ "$verb" = plug ] && set --
"$verb" "$@"
