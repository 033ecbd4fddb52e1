# LXC's configuration and the batches that plug the network, both from the spec. Needs common.sh and spec.sh.
# shellcheck shell=bash disable=SC2153

LIVE_LIMITS='ram_bytes cpu_units cpu_limit_percent num_proc'
LXCFS_FILES='cpuinfo diskstats meminfo stat swaps uptime loadavg'

# Sets CONFIG to LXC's configuration. What is not in here is lost at a checkpoint's restore, so the limits are.
render_config() {
  local file name enabled=
  CONFIG="# Written by Berth from the file spec beside this one: changes here are lost.
lxc.uts.name = $HOSTNAME_
lxc.rootfs.path = dir:$ROOT
lxc.net.0.type = empty
lxc.console.path = none
lxc.tty.max = 0
lxc.pty.max = 1024
lxc.autodev = 1
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.idmap = u 0 $ID_BASE 65536
lxc.idmap = g 0 $ID_BASE 65536
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio
lxc.environment = MEMORY_PRESSURE_WATCH=/dev/null
lxc.hook.start-host = $LIB/hook-start-host
lxc.hook.post-stop = $LIB/hook-post-stop
"
  [[ -z $HALT_SIGNAL ]] || CONFIG+="lxc.signal.halt = $HALT_SIGNAL"$'\n'
  if [[ -r $BERTH_ROOT/sys/module/apparmor/parameters/enabled && -x $BERTH_ROOT/sbin/apparmor_parser ]]; then
    read -r enabled <"$BERTH_ROOT/sys/module/apparmor/parameters/enabled"
    [[ $enabled != Y ]] || CONFIG+=$'lxc.apparmor.profile = generated\nlxc.apparmor.allow_nesting = 1\n'
  fi
  for file in $LXCFS_FILES; do
    [[ ! -e $BERTH_ROOT/var/lib/lxcfs/proc/$file ]] ||
      CONFIG+="lxc.mount.entry = /var/lib/lxcfs/proc/$file proc/$file none bind,create=file,optional 0 0"$'\n'
  done
  for name in $LIVE_LIMITS; do
    [[ -n ${LIMITS[$name]-} ]] || continue
    find_limit_file "$name" "${LIMITS[$name]}"
    if [[ $CGROUP_VERSION == v2 ]]; then CONFIG+="lxc.cgroup2.$LIMIT_KEY = $LIMIT_VALUE"$'\n'; fi
    if [[ $CGROUP_VERSION == v1 ]]; then CONFIG+="lxc.cgroup.$LIMIT_KEY = $LIMIT_VALUE"$'\n'; fi
  done
}

# find_limit_file NAME VALUE: sets LIMIT_CONTROLLER (v1's directory), LIMIT_KEY and LIMIT_VALUE for this host's cgroup
# version. An empty VALUE lifts the limit.
find_limit_file() {
  local value=$2
  case $CGROUP_VERSION/$1 in
    v2/ram_bytes) LIMIT_CONTROLLER=. LIMIT_KEY=memory.max LIMIT_VALUE=${value:-max} ;;
    v2/cpu_units)
      value=$(((${value:-1000} + 5) / 10))
      LIMIT_CONTROLLER=. LIMIT_KEY=cpu.weight LIMIT_VALUE=$((value < 1 ? 1 : value > 10000 ? 10000 : value))
      ;;
    v2/cpu_limit_percent)
      find_cpu_quota "$value"
      LIMIT_CONTROLLER=. LIMIT_KEY=cpu.max LIMIT_VALUE="${CPU_QUOTA:-max} 100000"
      ;;
    v2/num_proc) LIMIT_CONTROLLER=. LIMIT_KEY=pids.max LIMIT_VALUE=${value:-max} ;;
    v1/ram_bytes) LIMIT_CONTROLLER=memory LIMIT_KEY=memory.limit_in_bytes LIMIT_VALUE=${value:--1} ;;
    v1/cpu_units)
      LIMIT_CONTROLLER=cpu LIMIT_KEY=cpu.shares LIMIT_VALUE=$((${value:-1024} > 262144 ? 262144 : ${value:-1024}))
      ;;
    v1/cpu_limit_percent)
      find_cpu_quota "$value"
      LIMIT_CONTROLLER=cpu LIMIT_KEY=cpu.cfs_quota_us LIMIT_VALUE=${CPU_QUOTA:--1}
      ;;
    v1/num_proc) LIMIT_CONTROLLER=pids LIMIT_KEY=pids.max LIMIT_VALUE=${value:-max} ;;
  esac
}

# CPU_QUOTA: microseconds of each 100 ms for a percentage with up to three decimals; the kernel refuses less than 1 ms.
find_cpu_quota() {
  local whole=${1%%.*} part=000
  CPU_QUOTA=
  [[ -n $1 ]] || return 0
  [[ $1 != *.* ]] || part=${1#*.}000
  CPU_QUOTA=$((10#$whole * 1000 + 10#${part:0:3}))
  ((CPU_QUOTA >= 1000)) || CPU_QUOTA=1000
}

# Writes config, net.host, net.guest and net.nft. The configuration comes last: with it the container is complete.
write_config() {
  write_network
  render_config
  if [[ -e $DIR/config ]]; then write_file "$DIR/config" "$CONFIG"; else printf '%s' "$CONFIG" >"$DIR/config"; fi
}

# Batches for ip(8), so that plugging costs two processes. IPv6 has nodad everywhere: the address is ours by routing,
# and detection would make a server wait a second for it.
write_network() {
  local one family address prefix host='' guest='' own4='' own6='' first4='' first6='' number
  for one in "${ADDRESSES[@]}"; do
    read -r family address prefix <<<"$one"
    if [[ $family == 4 ]]; then
      first4=${first4:-$address}
      host+="route replace $address/32 dev $VETH"$'\n'
      guest+="address replace $address/32 dev eth0"$'\n'
      own4+="${own4:+, }\"$VETH\" . $address"
    else
      first6=${first6:-$address}
      host+="route replace $address/$prefix dev $VETH"$'\n'"neigh replace proxy $address dev UPLINK"$'\n'
      guest+="address replace $address/$prefix dev eth0 nodad"$'\n'
      own6+="${own6:+, }\"$VETH\" . $address/$prefix"
    fi
  done
  if [[ $first4 ]]; then
    guest+="route replace 169.254.0.1 dev eth0"$'\n'"route replace default via 169.254.0.1 dev eth0 src $first4"$'\n'
  fi
  [[ -z $first6 ]] || guest+="route replace default via fe80::1 dev eth0 src $first6"$'\n'
  # A stable MAC: neighbours and the guest's own configuration may remember it.
  number=${ID#ct}
  printf '02:be:%02x:%02x:%02x:%02x\n%s' $((number >> 24 & 255)) $((number >> 16 & 255)) $((number >> 8 & 255)) \
    $((number & 255)) "$host" >"$DIR/net.host"
  printf '%s' "$guest" >"$DIR/net.guest"
  printf '%s' "${own4:+add element inet berth own4 { $own4 \}$'\n'}${own6:+add element inet berth own6 { $own6 \}$'\n'}" \
    >"$DIR/net.nft"
}
