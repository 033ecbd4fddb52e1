#!/bin/sh
# Makes a Debian root file system ($1) a template for servers: systemd as init, sshd, ready to be checkpointed.
set -eu
root=$1
. "$root/usr/lib/os-release"

# --- sshd: keys of its own for every server, made at its first start ---
rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub
cat > "$root/etc/systemd/system/ssh-host-keys.service" <<'EOF'
[Unit]
Description=Make this server's SSH host keys
Before=ssh.service ssh.socket
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
RemainAfterExit=yes
# No RSA: every client of the last ten years takes these two, and they take milliseconds.
ExecStart=/bin/sh -ec 'for type in ecdsa ed25519; do rm -f /etc/ssh/ssh_host_$${type}_key; ssh-keygen -q -t $$type -N "" -f /etc/ssh/ssh_host_$${type}_key; done'

[Install]
WantedBy=multi-user.target
RequiredBy=ssh.service
EOF
mkdir -p "$root/etc/ssh/sshd_config.d" "$root/root/.ssh"
chmod 700 "$root/root/.ssh"
cat > "$root/etc/ssh/sshd_config.d/50-server.conf" <<'EOF'
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
# Root's password is locked unless one was ordered.
PermitRootLogin yes
UseDNS no
EOF
chroot "$root" systemctl -q enable ssh-host-keys.service ssh.service
chroot "$root" usermod -p '*' root

# --- what a checkpoint can't hold is switched off: sandboxes made of nested mount and user namespaces ---
mkdir -p "$root/etc/systemd/system/service.d"
cat > "$root/etc/systemd/system/service.d/10-ct.conf" <<'EOF'
[Service]
ProtectHostname=no
PrivateUsers=no
PrivateNetwork=no
PrivateDevices=no
PrivateTmp=no
ProtectSystem=no
ProtectHome=no
PrivateMounts=no
ProtectKernelTunables=no
ProtectKernelModules=no
ProtectControlGroups=no
ProtectKernelLogs=no
ProtectProc=default
ReadWritePaths=
InaccessiblePaths=
ReadOnlyPaths=
TemporaryFileSystem=
BindPaths=
BindReadOnlyPaths=
RestrictNamespaces=no
LoadCredential=
LoadCredentialEncrypted=
SetCredential=
MemoryDenyWriteExecute=no
EOF
if [ "$VERSION_ID" -ge 13 ]; then
  # journald imports credentials by a ramfs mount, which CRIU refuses.
  echo 'ImportCredential=' >> "$root/etc/systemd/system/service.d/10-ct.conf"
  mkdir -p "$root/etc/systemd/system.conf.d"
  printf '[Manager]\nDefaultMemoryPressureWatch=off\n' > "$root/etc/systemd/system.conf.d/10-ct.conf"
fi

# --- devices, clock, network and kernel are the host's business ---
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service \
  systemd-timesyncd.service systemd-networkd.service systemd-networkd-wait-online.service systemd-resolved.service \
  sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount dev-mqueue.mount getty@.service \
  console-getty.service systemd-journald-audit.socket systemd-modules-load.service sshd-keygen.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"

# systemd watches this file, and on btrfs CRIU finds its watch again only if it is no symbolic link.
cp -L "$root/etc/localtime" "$root/etc/localtime.new" 2>/dev/null || cp "$root/usr/share/zoneinfo/Etc/UTC" "$root/etc/localtime.new"
rm -f "$root/etc/localtime"
mv "$root/etc/localtime.new" "$root/etc/localtime"

# --- nothing of the machine that built it ---
echo 'LANG=C.UTF-8' > "$root/etc/default/locale"
echo debian > "$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
rm -f "$root/etc/resolv.conf"
: > "$root/etc/resolv.conf"
: > "$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root/etc/apt/apt.conf.d/99mmdebstrap"
cat > "$root/etc/apt/sources.list" <<EOF
deb http://ftp.debian.org/debian $VERSION_CODENAME main
deb http://ftp.debian.org/debian $VERSION_CODENAME-updates main
deb http://security.debian.org/debian-security $VERSION_CODENAME-security main
EOF
# The first boot need not rebuild what was built here: saves a tenth of a second.
touch "$root/etc/.updated" "$root/var/.updated"
find "$root/var/log" "$root/var/cache/ldconfig" -type f -delete
rm -f "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old
