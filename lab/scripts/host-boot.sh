#!/bin/sh
# Runs as PID 1 of a lab host's new namespaces, still in the machine's root: builds the host's root, enters it and
# becomes its init. Everything mounted here ends with the mount namespace. In the environment:
#   LAB_LOWER LAB_HOST_DIR LAB_HOSTNAME LAB_ADDRESS4 LAB_GATEWAY4 LAB_ADDRESS6 LAB_GATEWAY6 (addresses with length)
#   LAB_CGROUPS  lines "options<TAB>directory under /sys/fs/cgroup"; "v2<TAB>" alone on a machine with nothing but cgroup2
set -eu
trap 'echo "host-boot: failed" >&2' EXIT

read -r _go   # our network interface is there and the lab knows us

root=$LAB_HOST_DIR/root
mkdir -p "$root"
mount -t overlay overlay -o "lowerdir=$LAB_LOWER,upperdir=$LAB_HOST_DIR/upper,workdir=$LAB_HOST_DIR/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755,size=64m,nosuid dev "$root/dev"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"

node() { mknod -m "$2" "$root/dev/$1" "$3" "$4" "$5"; }
mkdir -p "$root/dev/net" "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
node null 666 c 1 3; node zero 666 c 1 5; node full 666 c 1 7; node random 666 c 1 8; node urandom 666 c 1 9
node tty 666 c 5 0; node fuse 666 c 10 229; node net/tun 666 c 10 200; node btrfs-control 600 c 10 234
# The messages of init and sshd; the machine's real console is none of a host's business.
ln -s /var/log/console.log "$root/dev/console"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"; ln -s fd/1 "$root/dev/stdout"; ln -s fd/2 "$root/dev/stderr"
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t mqueue mqueue "$root/dev/mqueue"

# The pool. -o loop lets the kernel detach the device by itself when the last process of the host is gone.
mkdir -p "$root/var/lib/berth"
mount -t btrfs -o loop,noatime "$LAB_HOST_DIR/pool.img" "$root/var/lib/berth"
loop=$(findmnt -n -o SOURCE --target "$root/var/lib/berth")
mknod -m 660 "$root$loop" b 7 "${loop#/dev/loop}"
btrfs quota enable "$root/var/lib/berth"

tab=$(printf '\t')
pure=
[ "$LAB_CGROUPS" != "v2$tab" ] || pure=yes
if [ -z "$pure" ]; then mount -t tmpfs -o mode=755 cgroup "$root/sys/fs/cgroup"; fi
printf '%s\n' "$LAB_CGROUPS" | while IFS="$tab" read -r options directory; do
  place=$root/sys/fs/cgroup${directory:+/$directory}
  mkdir -p "$place"
  if [ "$options" = v2 ]; then mount -t cgroup2 cgroup2 "$place"; else mount -t cgroup -o "$options" cgroup "$place"; fi
  # cpu,cpuacct: both names lead there, as on any Debian.
  case $directory in *,*) for name in $(echo "$directory" | tr , ' '); do ln -s "$directory" "$root/sys/fs/cgroup/$name"; done;; esac
done
if [ -n "$pure" ]; then
  # v2 refuses controllers to the children of a group with processes, and only the machine's real root is exempt. We
  # move away, and so do those that LXC sends to "the root".
  top=$root/sys/fs/cgroup
  mkdir -p "$top/init.scope"
  for pid in $(cat "$top/cgroup.procs"); do echo "$pid" > "$top/init.scope/cgroup.procs" 2>/dev/null || :; done
  echo $$ > "$top/init.scope/cgroup.procs"
  for controller in $(cat "$top/cgroup.controllers"); do echo "+$controller" > "$top/cgroup.subtree_control" || :; done
  mount --bind "$top/init.scope/cgroup.procs" "$top/cgroup.procs"
fi

hostname "$LAB_HOSTNAME"
echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra 2>/dev/null || :
ip link set lo up
ip link set eth0 up
ip addr add "$LAB_ADDRESS4" dev eth0
ip route add default via "$LAB_GATEWAY4"
if [ -e /proc/sys/net/ipv6 ]; then
  ip -6 addr add "$LAB_ADDRESS6" dev eth0 nodad
  ip -6 route add default via "$LAB_GATEWAY6"
fi

mkdir -p "$root/run/machine"
cd "$root"
pivot_root . run/machine
umount -l /run/machine
rmdir /run/machine
cd /
trap - EXIT
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux LANG=C.UTF-8 \
  busybox init </dev/null >>/var/log/console.log 2>&1
