#!/bin/sh
# Makes a Debian root file system ($1) a stand-in for the image node:20-bookworm-slim: this machine's Node and npm, where
# that image has them.
set -eu
root=$1
install -D -m 0755 "$BERTH_COMPOSE_NODE" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules"
cp -r "$BERTH_COMPOSE_NPM" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
rm -f "$root/etc/hostname" "$root/etc/resolv.conf"
