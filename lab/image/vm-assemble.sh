#!/bin/sh
# vm-assemble.sh KERNEL ROOT OUT: from an unpacked kernel package and a Debian root: OUT/root.img (ext4, sparse), with
# OUT/vmlinuz, OUT/busybox and OUT/virtio_blk.ko beside it. KERNEL and ROOT are used up.
set -eu
kernel=$1 root=$2 out=$3
version=$(ls "$kernel/usr/lib/modules")

mkdir -p "$root/usr/lib/modules" "$root/boot"
mv "$kernel/usr/lib/modules/$version" "$root/usr/lib/modules/"
cp "$kernel/boot/config-$version" "$root/boot/"
# Unpacking them at each boot would take an emulated processor seconds.
find "$root/usr/lib/modules" -name '*.ko.xz' -print0 | xargs -0 -n 64 -P 2 xz -d
chroot "$root" depmod "$version"

mv "$kernel/boot/vmlinuz-$version" "$out/vmlinuz"
cp "$root/bin/busybox" "$out/busybox"
cp "$root/usr/lib/modules/$version/kernel/drivers/block/virtio_blk.ko" "$out/virtio_blk.ko"

truncate -s 8G "$out/root.img"
# No reserved blocks; inode tables are zero already in a sparse file.
mke2fs -q -t ext4 -L lab-host -m 0 -E lazy_itable_init=1,nodiscard -d "$root" "$out/root.img"
rm -rf "$kernel" "$root"
