#!/bin/sh
# Makes a Debian root file system ($1) with Debian's Redis a stand-in for the image redis:7-bookworm: of its entrypoint,
# the part that docker-compose.yml relies on.
set -eu
root=$1
rm -f "$root/etc/hostname" "$root/etc/resolv.conf"
mkdir -p "$root/usr/local/bin" "$root/data"
cat > "$root/usr/local/bin/docker-entrypoint.sh" <<'EOF'
#!/bin/sh
set -eu
chown redis:redis /data
cd /data
exec setpriv --reuid redis --regid redis --init-groups "$@" --bind '* -::*' --protected-mode no
EOF
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
