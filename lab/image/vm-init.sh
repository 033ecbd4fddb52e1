#!/bin/busybox sh
# The initial RAM file system's init: finds the root disk, puts the host's own files (/lab) on it, goes over to it.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
exec >/dev/console 2>&1
$b insmod /virtio_blk.ko
tries=0
until [ -b /dev/vda ] || [ $tries = 100 ]; do $b usleep 20000; tries=$((tries + 1)); done
if ! $b mount -t ext4 -o noatime /dev/vda /root; then
  echo 'lab: boot failed: no root disk'
  $b poweroff -f
fi
$b cp -r /lab/. /root/
$b mount --move /dev /root/dev
exec $b switch_root /root /bin/busybox init
