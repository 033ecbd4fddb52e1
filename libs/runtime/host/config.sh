# LXC's configuration and the batches that plug the network, both from the spec. Needs common.sh, spec.sh, limits.sh and devices.sh.
# shellcheck shell=bash disable=SC2153

LXCFS_FILES='cpuinfo diskstats meminfo stat swaps uptime loadavg'

# Sets CONFIG to LXC's configuration. What is not in here is lost at a checkpoint's restore, so the limits are.
render_config() {
  local file write prefix seccomp enabled=
  case $FEATURES in *' ipsec '*) seccomp=ipsec ;; *) seccomp=plain ;; esac
  [[ $FEATURES != *' nesting '* ]] || seccomp+=-nesting
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
lxc.seccomp.profile = /run/berth/seccomp/$seccomp
lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio
lxc.environment = MEMORY_PRESSURE_WATCH=/dev/null
lxc.hook.autodev = $LIB/hook-autodev
lxc.hook.start-host = $LIB/hook-start-host
lxc.hook.stop = $LIB/hook-stop
lxc.hook.post-stop = $LIB/hook-post-stop
lxc.mount.entry = /run/berth/beancounters/$ID var/lib/berth/user_beancounters none bind,ro,create=file,optional 0 0
lxc.mount.entry = /run/berth/devices/$ID dev/.berth none bind,create=dir,optional 0 0
"
  # Containers inside need a /proc and a /sys that nothing is mounted over.
  [[ $FEATURES != *' nesting '* ]] || CONFIG+="lxc.mount.entry = proc dev/.lxc/proc proc create=dir,optional 0 0
lxc.mount.entry = sysfs dev/.lxc/sys sysfs create=dir,optional 0 0
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
  [[ $FEATURES != *' quota '* ]] || CONFIG+="lxc.mount.entry = $LIB/guest-setquota usr/local/sbin/setquota none bind,ro,create=file,optional 0 0
"
  find_writes
  prefix=lxc.cgroup
  [[ $CGROUP_VERSION != v2 ]] || prefix=lxc.cgroup2
  find_nodes
  render_device_rules "$prefix"
  write_device_rules
  for write in "${WRITES[@]}"; do
    write=${write#*|}
    CONFIG+="$prefix.${write%%|*} = ${write#*|}"$'\n'
  done
}

# Writes config, net.host, net.guest, net.nft and net.tc.
write_config() {
  write_network
  write_interfaces
  render_config
  save_config
}

# The last to be written: with it the container is complete.
save_config() {
  flush_at_end
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
  render_rates >"$DIR/net.tc"
}

# The batch for tc(8): towards the server on the host's side of its veth, away from it on a device of its own that the
# veth's incoming packets take a turn through. Empty without limits.
render_rates() {
  local in=${LIMITS[net_rate_in_bps]:-0} out=${LIMITS[net_rate_out_bps]:-0}
  ((in == 0)) || render_rate "$VETH" "$in"
  ((out == 0)) || { render_rate "$IFB" "$out" && render_redirect "$VETH" "$IFB"; }
}

# A bucket of 20 ms, but of a few whole packets at least; what waits longer than 100 ms is dropped.
render_rate() {
  local burst=$(($2 / 400))
  echo "qdisc replace dev $1 root tbf rate $(($2 < 8 ? 8 : $2))bit burst $((burst < 20000 ? 20000 : burst)) latency 100ms"
}

render_redirect() {
  echo "qdisc add dev $1 handle ffff: ingress"
  echo "filter add dev $1 parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev $2"
}
