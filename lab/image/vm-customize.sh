#!/bin/sh
# After host-customize.sh: makes the same Debian root ($1) one that boots on a (virtual) machine of its own.
set -eu
root=$1

cat > "$root/etc/inittab" <<'END'
::sysinit:/usr/local/sbin/lab-vm-boot
::respawn:/usr/local/sbin/lab-lxcfs
::respawn:/usr/sbin/sshd -D -e
::shutdown:/usr/local/sbin/lab-vm-shutdown
END

for verb in reboot poweroff halt; do ln -s /bin/busybox "$root/usr/sbin/$verb"; done

# What systemd does at a boot, as far as a container host needs it. /lab came with the initial RAM file system.
cat > "$root/usr/local/sbin/lab-vm-boot" <<'END'
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t tmpfs -o mode=755,nosuid,nodev run /run
mount -t tmpfs -o mode=1777,nosuid,nodev tmp /tmp
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t securityfs securityfs /sys/kernel/security
ln -sf /proc/self/fd /dev/fd; ln -sf fd/0 /dev/stdin; ln -sf fd/1 /dev/stdout; ln -sf fd/2 /dev/stderr

# There is no udev: what the kernel doesn't ask for by itself.
modprobe -a virtio_net virtio_rng btrfs loop tun fuse overlay veth

mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control
done

. /etc/lab-host
hostname "$(cat /etc/hostname)"
echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra
ip -batch - <<BATCH
link set lo up
link set eth0 up
addr add $LAB_ADDRESS4 dev eth0
route add default via $LAB_GATEWAY4
BATCH
ip -6 -batch - <<BATCH
addr add $LAB_ADDRESS6 dev eth0 nodad
route add default via $LAB_GATEWAY6
BATCH

mount -t btrfs -o noatime /dev/vdb /var/lib/berth || echo 'lab: the pool cannot be mounted' >/dev/console
[ -e "/sys/fs/btrfs/$(findmnt -n -o UUID /var/lib/berth)/qgroups" ] || btrfs quota enable /var/lib/berth
exec /usr/local/sbin/lab-sysinit
END

cat > "$root/usr/local/sbin/lab-vm-shutdown" <<'END'
#!/bin/sh
umount /var/lib/berth
sync
mount -o remount,ro /
END
chmod 755 "$root/usr/local/sbin/lab-vm-boot" "$root/usr/local/sbin/lab-vm-shutdown"
