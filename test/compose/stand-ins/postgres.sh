#!/bin/sh
# Makes a Debian root file system ($1) with Debian's Postgres a stand-in for the image postgres:15-bookworm: of its
# entrypoint, the part that docker-compose.yml relies on.
set -eu
root=$1
rm -rf "$root/var/lib/postgresql/15" "$root/etc/hostname" "$root/etc/resolv.conf"
mkdir -p "$root/usr/local/bin" "$root/var/lib/postgresql/data"
cat > "$root/usr/local/bin/docker-entrypoint.sh" <<'EOF'
#!/bin/bash
set -eu
export PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 0700 "$PGDATA"
  install -d -o postgres -g postgres -m 2775 /var/run/postgresql
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    --auth-host=scram-sha-256 --auth-local=trust > /dev/null
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl -w -s -o "-c listen_addresses=''" start
  createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl -w -s -m fast stop
fi
exec "$@" -c listen_addresses='*'
EOF
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
