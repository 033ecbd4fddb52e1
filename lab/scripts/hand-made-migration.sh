#!/bin/bash
# A live migration made by hand between two lab hosts, without Berth: the floor that Berth's own frozen time is measured
# against. Beside hand-made-server.sh, which has made the server. Runs on the source:
#   hand-made-migration.sh migrate CT TARGET UID    prints the milliseconds from the dump's begin to the restore's end
# The target has both scripts and the template, and lets this host's root in. The other verbs are its own.
set -euo pipefail
base=/var/lib/berth/by-hand
self=$(readlink -f "$0")
export CT=${CT-${2-}}

port() { echo "v-$CT"; }

# plug PID: the server's side whole, the host's side down, so that half-restored sockets get no packets.
plug() {
  local ip ns=/proc/$1/ns/net
  ip=$(cat "$base/$CT/ip")
  [ ! "$ns" -ef /proc/self/ns/net ]
  ip link del "$(port)" 2>/dev/null || :
  ip link add "$(port)" type veth peer name eth0 netns "$1"
  nsenter --net="$ns" -- ip -batch - <<EOF
link set lo up
addr add $ip/32 dev eth0
link set eth0 up
route add 169.254.0.1 dev eth0
route add default via 169.254.0.1 src $ip
EOF
}

live() {
  local ip
  ip=$(cat "$base/$CT/ip")
  sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.neigh.eth0.proxy_delay=0
  ip addr add 169.254.0.1/32 dev "$(port)"
  ip link set "$(port)" up
  ip route del blackhole "$ip/32" 2>/dev/null || :
  ip route replace "$ip/32" dev "$(port)"
  (for _ in 1 2 3 4 5 6; do arping -q -c1 -w1 -U -I eth0 -s "$ip" "$ip"; sleep 0.3; done) </dev/null >/dev/null 2>&1 &
}

# CRIU's action script: what it forgets of cgroup2, and the network.
act() {
  local unified=/sys/fs/cgroup/unified group path names name
  [ -e $unified/cgroup.procs ] || unified=/sys/fs/cgroup
  group=$unified/lxc.payload.$CT
  case $CRTOOLS_SCRIPT_ACTION in
    network-lock)
      (cd "$group" && find . \( -type d -o ! -uid 0 -o ! -gid 0 \) -printf '%y\t%m %U:%G\t%p\n' >"$CRTOOLS_IMAGE_DIR/groups")
      (cd "$group" && find . -name cgroup.subtree_control -exec grep -H . {} + >"$CRTOOLS_IMAGE_DIR/controllers") || :
      ip link del "$(port)"
      ip route replace blackhole "$(cat "$base/$CT/ip")/32"
      ;;
    pre-restore)
      cd "$group"
      awk -F'\t' '$1 == "d" { print $3 }' "$CRTOOLS_IMAGE_DIR/groups" | xargs -d'\n' mkdir -p
      cut -f2 "$CRTOOLS_IMAGE_DIR/groups" | sort -u | while read -r mode owner; do
        awk -F'\t' -v k="$mode $owner" '$2 == k { print $3 }' "$CRTOOLS_IMAGE_DIR/groups" >"$CRTOOLS_IMAGE_DIR/.names"
        xargs -d'\n' -a "$CRTOOLS_IMAGE_DIR/.names" chown -f "$owner" || :
        xargs -d'\n' -a "$CRTOOLS_IMAGE_DIR/.names" chmod -f "$mode" || :
      done
      ;;
    post-setup-namespaces)
      cd "$group"
      sort "$CRTOOLS_IMAGE_DIR/controllers" | while IFS=: read -r path names; do
        for name in $names; do echo "+$name" >"$path" || :; done
      done
      cd /
      plug "$CRTOOLS_INIT_PID"
      ;;
    network-unlock)
      [ -d "/sys/class/net/$(port)" ] || plug "$CRTOOLS_INIT_PID"
      live
      ;;
  esac
}

dump() {
  local images=$1 pid freezer=/sys/fs/cgroup/freezer entry
  local -a options=()
  pid=$(lxc-info -P $base -n "$CT" -pH)
  while read -r _ _ _ entry _; do options+=(--ext-mount-map "/$entry:$entry"); done < <(grep '^lxc.mount.entry' "$base/$CT/config")
  if [ -d $freezer ]; then
    while IFS=: read -r _ controllers _; do options+=(--cgroup-root "$controllers:/lxc.payload.$CT"); done <"/proc/$pid/cgroup"
  else
    freezer=/sys/fs/cgroup
    options+=(--cgroup-root ":/lxc.payload.$CT")
  fi
  criu dump --tcp-established --file-locks --link-remap --manage-cgroups=full --ext-mount-map auto --enable-external-sharing \
    --enable-external-masters --enable-fs hugetlbfs --enable-fs tracefs -D "$images" -o "$images/dump.log" \
    --action-script "$self.act" "${options[@]}" -t "$pid" --skip-in-flight --freeze-cgroup "$freezer/lxc.payload.$CT" \
    --force-irmap --ghost-limit 67108864 --network-lock skip </dev/null >/dev/null 2>&1
  lxc-wait -P $base -n "$CT" -s STOPPED -t 5
}

# CRIU 4.2, found in its place, on pure cgroup v2: asked for groups with all their properties it fails at those that have
# controllers enabled already, so it is asked for less, and the groups are made before it looks.
stand_in() {
  mkdir -p $base/bin
  cat >$base/bin/criu <<EOF
#!/bin/bash
[ "\$1" != restore ] || CRTOOLS_SCRIPT_ACTION=pre-restore CRTOOLS_IMAGE_DIR=/run/by-hand/$CT $self act || exit 1
exec /usr/sbin/criu "\${@/#--manage-cgroups=full/--manage-cgroups=soft}"
EOF
  chmod +x $base/bin/criu
}

# On the target: the container of what came, running.
restore() {
  local uid=$1 dir=$base/$CT images=/run/by-hand/$CT
  btrfs -q subvolume snapshot "$dir/mig/s2" "$dir/rootfs"
  mount --bind -o "X-mount.idmap=0:$uid:65536" "$dir/rootfs" "$dir/root"
  cd /
  [ ! -e /sys/fs/cgroup/cgroup.controllers ] || PATH=$base/bin:$PATH
  lxc-checkpoint -P $base -r -A "$self.act" -D "$images" -n "$CT" -l info -o "$dir/restore.log" </dev/null >/dev/null 2>&1
}

send() { btrfs -q send ${2:+-p "$2"} "$1" | on_target "btrfs -q receive $base/$CT/mig"; }

migrate() {
  local target=$2 uid=$3 dir=$base/$1 images=/run/by-hand/$1 begin end
  on_target() { ssh -q -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o ControlMaster=auto -o ControlPath=/run/by-hand.socket -o ControlPersist=60 "root@$target" "$@"; }
  mkdir -p "$images" "$dir/mig"
  on_target "mkdir -p $images $dir/mig $dir/root; chmod 711 $dir; CT=$CT $self stand-in; printf '#!/bin/sh\nexec $self act\n' >$self.act; chmod +x $self.act"
  printf '#!/bin/sh\nexec %s act\n' "$self" >"$self.act"
  chmod +x "$self.act"
  tar -C "$dir" -cf - config ip | on_target "tar -C $dir -xf -"
  btrfs -q subvolume snapshot -r "$dir/rootfs" "$dir/mig/s0"
  send "$dir/mig/s0"
  btrfs -q subvolume snapshot -r "$dir/rootfs" "$dir/mig/s1"
  send "$dir/mig/s1" "$dir/mig/s0"
  begin=$(date +%s%N)
  dump "$images"
  tar -C "$images" --exclude='*.log' -cf - . | on_target "tar -C $images -xf - && chown -R $uid:$uid $images" &
  btrfs -q subvolume snapshot -r "$dir/rootfs" "$dir/mig/s2"
  send "$dir/mig/s2" "$dir/mig/s1"
  wait $!
  on_target "CT=$CT $self restore $uid"
  end=$(date +%s%N)
  ip route replace "$(cat "$dir/ip")/32" via "$target"
  umount "$dir/root"
  btrfs -q subvolume delete "$dir/rootfs" "$dir"/mig/s? >/dev/null
  on_target "btrfs -q subvolume delete $dir/mig/s? >/dev/null"
  rm -rf "$dir" "$images"
  echo $(((end - begin) / 1000000))
}

verb=$1
case $verb in
  migrate) migrate "$2" "$3" "$4" ;;
  restore) restore "$2" ;;
  act) act ;;
  stand-in) stand_in ;;
esac
