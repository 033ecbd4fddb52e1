# Features, device nodes and network interfaces of the host that a container was given. Needs common.sh and spec.sh.
#
# Nodes are made on a tmpfs of the host, owned by the container's root, in a directory that is mounted inside as
# /dev/.berth; links under their own names lead there (hook-autodev at each start, a shell inside when it runs). So they
# come and go live without a mount, and the container's devices group has the last word on who may open what.
# shellcheck shell=bash disable=SC2153

# What every container has: null, zero, full, random, urandom, tty, console, ptmx, terminals; and those of features (tun,
# fuse, ppp), since LXC goes by the configuration of the first start when a guest reboots: without nodes they are nothing.
STANDARD_DEVICES='1:3 1:5 1:7 1:8 1:9 5:0 5:1 5:2 136:* 10:200 10:229 108:0'

# Sets NODES to `path type major:minor access` for the features and devices of the spec that this host has now.
find_nodes() {
  local one
  NODES=()
  [[ $FEATURES != *' tun '* ]] || NODES+=('net/tun c 10:200 rw')
  [[ $FEATURES != *' fuse '* ]] || NODES+=('fuse c 10:229 rw')
  [[ $FEATURES != *' ppp '* ]] || NODES+=('ppp c 108:0 rw')
  for one in "${DEVICES[@]}"; do
    [[ $one == *' /dev/'* ]] || continue
    if find_node "${one#* }"; then NODES+=("${one#* /dev/} $NODE_TYPE $NODE_NUMBER ${one%% *}"); fi
  done
}

# Sets NODE_TYPE and NODE_NUMBER of a device node of the host; false where there is none.
find_node() {
  local real kind
  real=$(realpath -e "$1" 2>/dev/null) && [[ $real == /dev/* ]] || return 1
  read -r kind NODE_NUMBER < <(stat -c '%f %Hr:%Lr' "$real")
  case $((16#$kind & 0170000)) in
    $((0020000))) NODE_TYPE=c ;;
    $((0060000))) NODE_TYPE=b ;;
    *) return 1 ;;
  esac
}

# Rules for the nodes of DEVICES, as a file that hook-start-host reads.
write_device_rules() {
  local node path type number access text=''
  for node in "${NODES[@]}"; do
    read -r path type number access <<<"$node"
    text+="$type $number ${access}m"$'\n'
  done
  if [[ $text || -e $DIR/devices.rules ]]; then printf '%s' "$text" >"$DIR/devices.rules"; fi
}

# Makes the directory what NODES says, and nothing else.
place_nodes() {
  local dir=$RUN/devices/$ID node path type number access
  [[ -d $dir ]] || mkdir -m 700 "$dir"
  # Closed where there is nothing to be had.
  ((${#NODES[@]} == 0)) || chmod 755 "$dir"
  for path in "$dir"/*; do
    [[ ! -e $path ]] || { rm -rf "${dir:?}"/* && break; }
  done
  for node in "${NODES[@]}"; do
    read -r path type number access <<<"$node"
    [[ $path != */* ]] || mkdir -p "$dir/${path%/*}"
    mknod -m 666 "$dir/$path" "$type" "${number%:*}" "${number#*:}"
    chown "$ID_BASE:$ID_BASE" "$dir/$path"
  done
}

# render_device_rules PREFIX: adds the rules of the devices group to CONFIG.
render_device_rules() {
  local node path type number access
  # To make a node isn't to open it; the kernel keeps an unprivileged root from both, but tools ask.
  CONFIG+="$1.devices.deny = a
$1.devices.allow = c *:* m
$1.devices.allow = b *:* m
"
  for number in $STANDARD_DEVICES; do CONFIG+="$1.devices.allow = c $number rwm"$'\n'; done
  for node in "${NODES[@]}"; do
    read -r path type number access <<<"$node"
    CONFIG+="$1.devices.allow = $type $number ${access}m"$'\n'
  done
}

# change_devices OLD_NODES…: brings a running container from those to NODES.
change_devices() {
  local node path type number access link='' unlink=''
  ! payload_frozen || fail not_running "$ID is frozen: unfreeze it first"
  place_nodes
  for node in "$@"; do
    [[ " ${NODES[*]} " != *" $node "* ]] || continue
    read -r path type number access <<<"$node"
    # Word for word as it was allowed, or LXC doesn't know it again.
    set_device_rule deny "$type $number ${access}m"
    unlink+=" $path"
  done
  for node in "${NODES[@]}"; do
    read -r path type number access <<<"$node"
    set_device_rule allow "$type $number ${access}m"
    link+=" $path"
  done
  # shellcheck disable=SC2016
  attach sh -c '
    for path in $1; do [ ! -L "/dev/$path" ] || rm -f "/dev/$path"; done
    for path in $2; do
      case $path in */*) mkdir -p "/dev/${path%/*}" ;; esac
      [ -e "/dev/$path" ] || ln -sf "/dev/.berth/$path" "/dev/$path"
    done' sh "$unlink" "$link" </dev/null
}

# v1: groups that the container's init has made do not follow what is allowed above them.
set_device_rule() {
  local file
  if [[ $CGROUP_VERSION == v2 ]]; then
    lxc-cgroup -P "$CONTAINERS" -n "$ID" "devices.$1" "$2" </dev/null
    return
  fi
  while read -r file; do
    echo "$2" >"$file/devices.$1" || true
  done < <(find "$CGROUP/devices/$PAYLOAD" -type d)
}

# The host's end of second-level quotas: lives as long as the container runs.
start_quota_broker() {
  stop_quota_broker
  [[ $FEATURES == *' quota '* ]] && is_image || return 0
  chmod 755 "$RUN/devices/$ID"
  setsid "$LIB/quota-broker" "$RUN/devices/$ID/quota" "$ID_BASE" "$DIR/rootfs" \
    </dev/null >/dev/null 2>"$RUN/log/$ID.quota" {LOCK_FD}>&- &
  echo "$!" >"$RUN/state/$ID.broker"
}

# From the next start on the host's own copy is mounted there; a server that runs already gets one as a file.
give_quota_tool() {
  # shellcheck disable=SC2016
  attach sh -c '[ -s "$1" ] || { mkdir -p "${1%/*}" && cat >"$1.berth" && chmod 755 "$1.berth" && mv "$1.berth" "$1"; }' \
    sh /usr/local/sbin/setquota <"$LIB/guest-setquota"
}

# By its pid, if that is still its own.
stop_quota_broker() {
  local pid line
  [[ -e $RUN/state/$ID.broker ]] || return 0
  read -r pid <"$RUN/state/$ID.broker" || true
  if [[ ${pid-} && -e /proc/$pid/cmdline ]]; then
    line=$(tr '\0' ' ' <"/proc/$pid/cmdline")
    [[ $line != *"quota-broker $RUN/devices/$ID/quota "* ]] || kill "$pid" || true
  fi
  rm -f "$RUN/state/$ID.broker" "$RUN/devices/$ID/quota"
}

# Interfaces of the spec, as a file that the hooks read.
write_interfaces() {
  local one text=''
  for one in "${DEVICES[@]}"; do [[ $one == *' /dev/'* ]] || text+="${one#* }"$'\n'; done
  if [[ $text || -e $DIR/net.moved ]]; then printf '%s' "$text" >"$DIR/net.moved"; fi
}

# move_interfaces NAME…: from the host into the running container.
move_interfaces() {
  local name
  for name in "$@"; do
    [[ ! -e /sys/class/net/$name ]] || ip link set dev "$name" netns "$INIT_PID"
  done
}

# return_interfaces NETNS NAME…: those that are still there come back to the host.
return_interfaces() {
  local name
  for name in "${@:2}"; do
    nsenter --net="$1" ip link set dev "$name" down netns "$$" 2>/dev/null || true
  done
}

# Fails where the host lacks a device that was asked for, or uses it.
check_device() {
  local name=$1 spec
  if [[ $name != /dev/* ]]; then
    check_interface "$name"
  else
    find_node "$name" || fail device_missing "this host has no device node $name"
    case $NODE_TYPE/$NODE_NUMBER in
      c/1:[1246] | c/1:11) fail device_in_use "$name is the host's own memory" ;;
      b/*) check_disk_free "$name" ;;
    esac
  fi
  for spec in "$CONTAINERS"/ct*/spec; do
    [[ $NODE_TYPE == c || $spec == "$DIR/spec" ]] || ! grep -qsE "^device (r|w|rw) $name\$" "$spec" ||
      fail device_in_use "another container has $name"
  done
}

check_disk_free() {
  local real
  real=$(realpath "$1")
  [[ ! $(lsblk -n -o MOUNTPOINTS "$real" 2>/dev/null | tr -d '[:space:]') ]] || fail device_in_use "the host has mounted $1"
  [[ ! -d /sys/class/block/${real##*/}/holders || ! $(ls "/sys/class/block/${real##*/}/holders") ]] ||
    fail device_in_use "the host uses $1 below another device"
  ! grep -qs "^$real " /proc/swaps || fail device_in_use "the host swaps to $1"
  find_node "$1"
  know_pool_devices
  [[ " $POOL_DEVICES " != *" $NODE_NUMBER "* ]] || fail device_in_use "the pool of containers is on $1"
}

check_interface() {
  local uplink
  NODE_TYPE=n
  read -r uplink _ <"$RUN/uplink"
  case $1 in
    lo | v-ct* | i-ct* | "$uplink") fail device_in_use "the host needs the interface $1" ;;
  esac
  [[ ! -e /sys/class/net/$1/master ]] || fail device_in_use "the interface $1 belongs to a bridge or bond of the host"
  [[ -e /sys/class/net/$1 || " ${DEVICES[*]} " == *" $1 "* ]] || fail device_missing "this host has no interface $1"
}

# berth_set_features ID FENCE BYTES: the spec's feature lines on stdin.
berth_set_features() {
  local lines line
  begin_change "$1" "$2"
  read_bytes lines "$3"
  while read -r line; do
    [[ ! $line ]] || require_feature "${line#feature }"
    [[ $line != 'feature quota' ]] || is_image || fail_lacking quota:second_level \
      'its disk was made without: the feature quota or disk_inodes has to be given when a server is made or reinstalled'
  done <<<"$lines"
  replace_extras feature "$lines"
  [[ $FEATURES != *' quota '* ]] || ! is_running || give_quota_tool
}

require_feature() {
  has_capability "feature:$1" || fail_lacking "feature:$1" "this host does not have the feature $1"
}

# berth_set_devices ID FENCE BYTES: the spec's device lines on stdin.
berth_set_devices() {
  local lines line
  begin_change "$1" "$2"
  read_bytes lines "$3"
  while read -r line; do
    [[ ! $line ]] || { has_capability devices || fail_lacking devices 'this host cannot give devices to containers'; }
    [[ ! $line ]] || check_device "${line##* }"
  done <<<"$lines"
  replace_extras device "$lines"
}

# replace_extras PREFIX LINES
replace_extras() {
  local before=() old=() name
  find_nodes
  before=("${NODES[@]}")
  [[ ! -e $DIR/net.moved ]] || mapfile -t old <"$DIR/net.moved"
  replace_in_spec "$1" "$2"
  find_nodes
  write_interfaces
  if is_running; then
    init_pid
    change_devices "${before[@]}"
    for name in "${old[@]}"; do
      [[ " ${DEVICES[*]} " == *" $name "* ]] || return_interfaces "/proc/$INIT_PID/ns/net" "$name"
    done
    [[ ! -e $DIR/net.moved ]] || move_interfaces $(<"$DIR/net.moved")
    start_quota_broker
  fi
  write_config
}
