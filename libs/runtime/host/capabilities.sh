# What this host can do: names as in libs/contracts/src/capabilities.ts. Needs common.sh and limits.sh.
# shellcheck shell=bash

# Prints a name a line. Loads modules, and tries traffic control in a network namespace that goes again.
find_capabilities() {
  look_up_pool_devices
  "find_cgroup_${CGROUP_VERSION}_limits"
  if can_weigh_io; then echo limit:io_priority; fi
  echo limit:disk_bytes
  if try_traffic_control >/dev/null 2>&1; then printf 'limit:%s\n' net_rate_in_bps net_rate_out_bps; fi
  find_features
  find_storage_capabilities
  printf '%s\n' snapshots clone freeze migrate:offline
  if try_criu >/dev/null 2>&1; then
    printf '%s\n' checkpoint snapshots:memory migrate:live
    ! criu check --feature mem_dirty_track >/dev/null 2>&1 || echo migrate:memory_precopy
  fi
  if [[ $CGROUP_VERSION == v2 || -e $CGROUP/devices/devices.allow ]]; then echo devices; fi
  [[ ! -e /proc/sys/net/ipv6 ]] || echo ipv6
}

find_cgroup_v1_limits() {
  [[ ! -e $CGROUP/cpu/cpu.cfs_quota_us ]] || printf 'limit:%s\n' cpu_units cpu_limit_percent cpus
  [[ ! -e $CGROUP/cpuset/cpuset.cpus ]] || printf 'limit:%s\n' cpu_mask node_mask
  [[ ! -e $CGROUP/memory/memory.limit_in_bytes ]] || printf 'limit:%s\n' ram_bytes ram_guarantee_bytes
  [[ ! -e $CGROUP/memory/memory.memsw.limit_in_bytes ]] || echo limit:swap_bytes
  [[ ! -d $CGROUP/pids ]] || echo limit:num_proc
  [[ ! -e $CGROUP/blkio/blkio.throttle.read_bps_device ]] || printf 'limit:%s\n' io_limit_bps io_limit_iops
}

# Only a group below the root shows what there is.
find_cgroup_v2_limits() {
  local trial=$CGROUP/berth-trial controller
  for controller in $(<"$CGROUP/cgroup.controllers"); do
    echo "+$controller" >"$CGROUP/cgroup.subtree_control" 2>/dev/null || true
  done
  [[ -d $trial ]] || mkdir "$trial"
  [[ ! -e $trial/cpu.max ]] || printf 'limit:%s\n' cpu_units cpu_limit_percent cpus
  [[ ! -e $trial/cpuset.cpus ]] || printf 'limit:%s\n' cpu_mask node_mask
  [[ ! -e $trial/memory.max ]] || printf 'limit:%s\n' ram_bytes ram_guarantee_bytes ram_barrier_bytes
  [[ ! -e $trial/memory.swap.max ]] || echo limit:swap_bytes
  [[ ! -e $trial/pids.max ]] || echo limit:num_proc
  [[ ! -e $trial/io.max ]] || printf 'limit:%s\n' io_limit_bps io_limit_iops
  rmdir "$trial"
}

# Of every disk below the pool.
can_weigh_io() {
  local device queue
  modprobe -q bfq 2>/dev/null || true
  [[ $POOL_DEVICES ]] || return 1
  for device in $POOL_DEVICES; do
    queue=$(realpath "/sys/dev/block/$device")/queue/scheduler
    [[ -w $queue && $(<"$queue") == *bfq* ]] || return 1
  done
}

try_traffic_control() {
  # shellcheck disable=SC2016
  unshare -n bash -euo pipefail -c '
    ip -batch - <<<"link add i-trial type ifb
link add v-trial type veth peer name p-trial"
    tc -batch - <<<"$1"' bash "$(render_rate i-trial 1000000)
$(render_rate v-trial 1000000)
$(render_redirect v-trial i-trial)"
}

# Older ones can't dump a socket on newer kernels.
try_criu() {
  local version
  version=$(criu --version)
  [[ $version =~ ([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= 401)) || return 1
  # LXC 6.0.4 dies at a restore (a pointer without a value) where a hierarchy of v2 beside v1 has no controller at all.
  [[ $CGROUP_VERSION == v2 || ! -e $CGROUP/unified || $(<"$CGROUP/unified/cgroup.controllers") ]] || return 1
  criu check && [[ -x $(command -v lxc-checkpoint) ]]
}

find_features() {
  local module
  for module in tun ppp_generic fuse; do modprobe -q "$module" 2>/dev/null || true; done
  ! grep -qs ' tun$' /proc/misc || echo feature:tun
  ! grep -qs ' ppp$' /proc/devices || echo feature:ppp
  ! grep -qs ' fuse$' /proc/misc || echo feature:fuse
  for module in xfrm_user af_key esp4 esp6 authenc cbc; do modprobe -q "$module" 2>/dev/null || true; done
  ! unshare -n ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 256 \
    auth 'hmac(sha256)' 0123456789abcdef0123456789abcdef enc 'cipher_null' '' 2>/dev/null || echo feature:ipsec
  echo feature:nesting
}
