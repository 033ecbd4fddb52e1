#!/bin/sh
# Makes a Debian root file system ($1) a lab host: what boots it, sshd by key only, id ranges. What Berth itself needs on
# a host (hooks, sysctls, packet filter) is not here: enrolment brings it, as to any other host.
set -eu
root=$1

# A small init: it starts in milliseconds, reaps orphans, restarts sshd and lxcfs. systemd would touch the machine's
# devices and sysctls, which a network of namespaces doesn't hide from it.
cat > "$root/etc/inittab" <<'EOF'
::sysinit:/usr/local/sbin/lab-sysinit
::respawn:/usr/local/sbin/lab-lxcfs
::respawn:/usr/sbin/sshd -D -e
EOF

# What an administrator set up for the boot happens here as it would under systemd.
cat > "$root/usr/local/sbin/lab-sysinit" <<'EOF'
#!/bin/sh
mkdir -p /run/sshd /run/lock /run/lxc /run/netns
for file in /etc/sysctl.d/*.conf; do [ -e "$file" ] && sysctl -q -e -p "$file"; done
[ -e /etc/systemd/system/sysinit.target.wants/nftables.service ] && nft -f /etc/nftables.conf
[ -x /etc/rc.local ] && /etc/rc.local
exit 0
EOF

cat > "$root/usr/local/sbin/lab-lxcfs" <<'EOF'
#!/bin/sh
# One that was killed leaves a dead mount behind.
while umount -l /var/lib/lxcfs 2>/dev/null; do :; done
mkdir -p /var/lib/lxcfs
exec lxcfs -f -l --enable-cfs /var/lib/lxcfs
EOF
chmod 755 "$root/usr/local/sbin/lab-sysinit" "$root/usr/local/sbin/lab-lxcfs"

cat > "$root/etc/ssh/sshd_config.d/lab.conf" <<'EOF'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
EOF
rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub

# Every server has an id range of its own: all that root may hand out, above the host's own users.
for file in subuid subgid; do echo 'root:100000:4294000000' > "$root/etc/$file"; done

rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
: > "$root/etc/resolv.conf"
: > "$root/etc/machine-id"
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
mkdir -p "$root/var/lib/berth" "$root/var/lib/lxcfs" "$root/root/.ssh"
chmod 700 "$root/root/.ssh"
