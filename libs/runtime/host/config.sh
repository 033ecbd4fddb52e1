# LXC's configuration and the batches that plug the network, both from the spec. Needs common.sh and spec.sh.
# shellcheck shell=bash disable=SC2153

LXCFS_FILES='cpuinfo diskstats meminfo stat swaps uptime loadavg'

# Prints LXC's configuration. What is not in here is lost at a checkpoint's restore, so the limits are.
render_config() {
  local file
  cat <<EOF
# Written by Berth from the file spec beside this one: changes here are lost.
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
EOF
  [[ -z $HALT_SIGNAL ]] || echo "lxc.signal.halt = $HALT_SIGNAL"
  if [[ -r $BERTH_ROOT/sys/module/apparmor/parameters/enabled && -x $BERTH_ROOT/sbin/apparmor_parser ]] &&
    [[ $(<"$BERTH_ROOT/sys/module/apparmor/parameters/enabled") == Y ]]; then
    echo 'lxc.apparmor.profile = generated'
    echo 'lxc.apparmor.allow_nesting = 1'
  fi
  for file in $LXCFS_FILES; do
    [[ ! -e $BERTH_ROOT/var/lib/lxcfs/proc/$file ]] ||
      echo "lxc.mount.entry = /var/lib/lxcfs/proc/$file proc/$file none bind,create=file,optional 0 0"
  done
  render_limits
}

# The limits as lines of the configuration, for the cgroup version of this host.
render_limits() {
  local name
  for name in ram_bytes cpu_units cpu_limit_percent num_proc; do
    [[ -z ${LIMITS[$name]-} ]] || limit_files "$name" "${LIMITS[$name]}" config
  done
}

# limit_files NAME VALUE config|live: `lxc.cgroup….key = value` lines, or `controller key value` lines for a running
# container. An empty VALUE lifts the limit.
limit_files() {
  local name=$1 value=$2 form=$3 quota
  if [[ $(cgroup_version) == v2 ]]; then
    case $name in
      ram_bytes) set -- memory memory.max "${value:-max}" ;;
      cpu_units) set -- cpu cpu.weight "$(v2_weight "${value:-1000}")" ;;
      cpu_limit_percent) set -- cpu cpu.max "$(v2_quota "$value")" ;;
      num_proc) set -- pids pids.max "${value:-max}" ;;
    esac
    if [[ $form == config ]]; then echo "lxc.cgroup2.$2 = $3"; else echo ". $2 $3"; fi
    return
  fi
  case $name in
    ram_bytes) set -- memory memory.limit_in_bytes "${value:--1}" ;;
    cpu_units) set -- cpu cpu.shares "$((${value:-1024} > 262144 ? 262144 : ${value:-1024}))" ;;
    cpu_limit_percent)
      quota=-1
      [[ -z $value ]] || quota=$(cpu_quota_us "$value")
      set -- cpu cpu.cfs_quota_us "$quota"
      ;;
    num_proc) set -- pids pids.max "${value:-max}" ;;
  esac
  if [[ $form == config ]]; then echo "lxc.cgroup.$2 = $3"; else echo "$1 $2 $3"; fi
}

# Microseconds of each 100 ms for a percentage with up to three decimals; the kernel refuses less than 1 ms.
cpu_quota_us() {
  local whole=${1%%.*} part=000
  [[ $1 != *.* ]] || part=${1#*.}000
  local us=$((10#$whole * 1000 + 10#${part:0:3}))
  echo "$((us < 1000 ? 1000 : us))"
}

v2_quota() {
  if [[ -z $1 ]]; then echo 'max 100000'; else echo "$(cpu_quota_us "$1") 100000"; fi
}

v2_weight() {
  local weight=$((($1 + 5) / 10))
  echo "$((weight < 1 ? 1 : weight > 10000 ? 10000 : weight))"
}

# Writes config, net.host, net.guest and net.nft. The configuration comes last: with it the container is complete.
write_config() {
  local text
  write_network
  text=$(render_config)
  write_file "$DIR/config" "$text"$'\n'
}

# Batches for ip(8), so that plugging costs two processes. IPv6 has nodad everywhere: the address is ours by routing,
# and detection would make a server wait a second for it.
write_network() {
  local one family address prefix host='' guest='' own4='' own6='' first4='' first6=''
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
  printf '%s' "$host" >"$DIR/net.host"
  printf '%s' "$guest" >"$DIR/net.guest"
  printf '%s' "${own4:+add element inet berth own4 { $own4 \}$'\n'}${own6:+add element inet berth own6 { $own6 \}$'\n'}" \
    >"$DIR/net.nft"
}
