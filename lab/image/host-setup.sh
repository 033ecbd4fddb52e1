#!/bin/sh
# Before any package is chosen: forky is there for CRIU and its libraries only.
set -eu
mkdir -p "$1/etc/apt/preferences.d"
cat > "$1/etc/apt/preferences.d/forky" <<'EOF'
Package: *
Pin: release n=forky
Pin-Priority: 50

Package: criu libcompel1 libnet9 libnl-3-200 libnl-route-3-200 libnl-genl-3-200
Pin: release n=forky
Pin-Priority: 990
EOF
