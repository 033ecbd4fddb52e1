# What this host can do: names as in libs/contracts/src/capabilities.ts. Needs common.sh.
# shellcheck shell=bash

# Prints a name a line.
find_capabilities() {
  local name controllers
  if [[ $CGROUP_VERSION == v2 ]]; then
    controllers=$(<"$CGROUP/cgroup.controllers")
  else
    controllers=$(cd "$CGROUP" && printf '%s ' *)
  fi
  for name in cpu:cpu_units cpu:cpu_limit_percent memory:ram_bytes pids:num_proc; do
    [[ " $controllers " != *" ${name%:*} "* ]] || echo "limit:${name#*:}"
  done
  echo limit:disk_bytes
  [[ ! -e /proc/sys/net/ipv6 ]] || echo ipv6
}
