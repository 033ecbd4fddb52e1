#!/bin/sh
# busybox-build.sh BUSYBOX ROOT: the smallest root file system that is a server: a static busybox and an init.
set -eu
busybox=$1 root=$2
mkdir -p "$root/bin" "$root/sbin" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/var/log" \
  "$root/usr/bin" "$root/usr/sbin" "$root/root"
mkdir -p -m 1777 "$root/tmp"
chmod 700 "$root/root"
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/bin/busybox"
for applet in $("$busybox" --list); do
  case $applet in busybox|init|linuxrc) ;; *) ln -s busybox "$root/bin/$applet";; esac
done

# busybox's own init waits two seconds before it ends; this one ends at once. poweroff, reboot and halt signal it as
# they would that one, lxc-stop by SIGPWR, Ctrl-Alt-Del and lxc-stop --reboot by SIGINT.
cat > "$root/sbin/init" <<'EOF'
#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
trap 'sync; poweroff -f' PWR USR1 USR2
trap 'sync; reboot -f' TERM INT
ifconfig lo up 2>/dev/null
[ -s /etc/hostname ] && hostname -F /etc/hostname 2>/dev/null
[ -x /etc/rc.local ] && /etc/rc.local &
while :; do
  sleep 2147483 &
  wait $!
done
EOF
chmod 755 "$root/sbin/init"

printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' > "$root/etc/passwd"
printf 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n' > "$root/etc/group"
printf 'root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n' > "$root/etc/shadow"
chmod 640 "$root/etc/shadow"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' > "$root/etc/hosts"
echo busybox > "$root/etc/hostname"
: > "$root/etc/resolv.conf"
: > "$root/etc/machine-id"
printf 'ID=busybox\nPRETTY_NAME="Busybox"\n' > "$root/etc/os-release"
