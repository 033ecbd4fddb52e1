# Changes to a container that exists, live where it runs. Needs all the others.
# shellcheck shell=bash disable=SC2153

begin_change() {
  begin_mutation "$1" "$2"
  require_container
  load_spec
  open_root
}

# berth_set_limits ID FENCE [NAME=VALUE]…: an empty value lifts. All or nothing: what the kernel refuses undoes the rest.
berth_set_limits() {
  local before refused
  begin_change "$1" "$2"
  (($# > 2)) || return 0
  merge_limits "${@:3}"
  check_change
  before=$(<"$DIR/spec")$'\n'
  replace_in_spec "$DROPPED" "$ADDED"
  if ! apply_change; then
    refused=$REFUSED
    write_file "$DIR/spec" "$before"
    load_spec
    apply_change || true
    fail command_failed "the kernel refused $refused: the old limits stay"
  fi
  write_config
}

# Brings disk, cgroups and network to LIMITS. False, with REFUSED set, where the kernel doesn't take one.
apply_change() {
  REFUSED=
  case $DROPPED in *limit\ disk_*) apply_disk_limit || { REFUSED='the disk limit' && return 1; } ;; esac
  is_running || return 0
  apply_live_limits || return 1
  case $DROPPED in
    *limit\ net_*)
      render_rates >"$DIR/net.tc"
      apply_rates || { REFUSED='the rate of the network' && return 1; }
      ;;
  esac
}

# merge_limits [NAME=VALUE]…: sets CHANGED (what is asked for), WANTED (with what stays), and DROPPED and ADDED for the spec.
merge_limits() {
  local one name
  declare -gA CHANGED=() WANTED=()
  DROPPED='' ADDED=''
  for name in "${!LIMITS[@]}"; do WANTED[$name]=${LIMITS[$name]}; done
  for one in "$@"; do
    name=${one%%=*}
    DROPPED+="${DROPPED:+|}limit $name"
    unset "WANTED[$name]"
    [[ ${one#*=} ]] || continue
    require_limit "$name"
    CHANGED[$name]=${one#*=} WANTED[$name]=${one#*=}
    ADDED+="limit $name ${one#*=}"$'\n'
  done
}

# Fails where CHANGED asks for what can't be. Nothing is changed that lasts; memory may be reclaimed to find out.
check_change() {
  local mask
  for mask in cpu_mask:cpus node_mask:mems; do
    [[ ! ${CHANGED[${mask%:*}]-} ]] || check_mask "${mask%:*}" "${mask#*:}" "${CHANGED[${mask%:*}]}"
  done
  [[ $CGROUP_VERSION != v1 || ! ${WANTED[swap_bytes]-} || ${WANTED[ram_bytes]-} ]] ||
    fail invalid_input 'cgroup v1 counts swap together with memory: swap_bytes needs ram_bytes'
  check_disk
  if [[ ${CHANGED[ram_bytes]-} ]] && is_running; then "check_memory_$CGROUP_VERSION" "${CHANGED[ram_bytes]}"; fi
}

check_mask() {
  local all
  if [[ $CGROUP_VERSION == v1 ]]; then all=$(<"$CGROUP/cpuset/cpuset.$2"); else all=$(<"$CGROUP/cpuset.$2.effective"); fi
  is_within "$3" "$all" || fail invalid_input "$1 $3 names what this host has not: it has $all"
}

# is_within LIST LIST: lists such as 0-2,7.
is_within() {
  local -A have=()
  local part at
  for part in ${2//,/ }; do for ((at = ${part%-*}; at <= ${part#*-}; at++)); do have[$at]=1; done; done
  for part in ${1//,/ }; do
    ((${part#*-} < 10000 && ${part%-*} <= ${part#*-})) || return 1
    for ((at = 10#${part%-*}; at <= 10#${part#*-}; at++)); do [[ ${have[$at]-} ]] || return 1; done
  done
}

too_low() {
  echo "berth-detail: limit $1"$'\n'"berth-detail: used $2"$'\n'"berth-detail: requested $3" >&2
  fail limit_too_low "$1 $3 is below the $2 in use${4+: $4}"
}

check_disk() {
  local name used
  if is_image; then
    [[ ${WANTED[disk_bytes]-} ]] || fail invalid_input 'a disk that counts inodes needs disk_bytes'
  elif [[ ${WANTED[disk_inodes]-} ]]; then
    fail_lacking limit:disk_inodes 'its disk was made without: disk_inodes has to be given when a server is made or reinstalled'
  fi
  for name in disk_bytes disk_inodes; do
    [[ ${CHANGED[$name]-} ]] && ((CHANGED[$name] < ${LIMITS[$name]:-9223372036854775807})) || continue
    [[ ${DISK_USED+known} ]] || {
      sync -f "$DIR/rootfs"
      find_disk_use
    }
    if [[ $name == disk_bytes ]]; then used=$DISK_USED; else used=$INODES_USED; fi
    [[ ! $used ]] || ((CHANGED[$name] >= used)) || too_low "$name" "$used" "${CHANGED[$name]}"
  done
}

# v1 refuses by itself what it can't reclaim, and keeps the old limit then.
check_memory_v1() {
  local dir=$CGROUP/memory/$PAYLOAD before used
  read -r before <"$dir/memory.limit_in_bytes"
  (($1 < before)) || return 0
  if printf '%s\n' "$1" >"$dir/memory.limit_in_bytes" 2>/dev/null; then
    echo "$before" >"$dir/memory.limit_in_bytes"
    return
  fi
  read -r used <"$dir/memory.usage_in_bytes"
  too_low ram_bytes "$used" "$1" 'it cannot be reclaimed'
}

# v2 takes any limit, and kills to keep it: so we see first whether as much can be reclaimed.
check_memory_v2() {
  local dir=$CGROUP/$PAYLOAD used turn
  for ((turn = 0; turn < 5; turn++)); do
    read -r used <"$dir/memory.current"
    ((used > $1)) || return 0
    printf '%s\n' $((used - $1)) >"$dir/memory.reclaim" 2>/dev/null || true
  done
  read -r used <"$dir/memory.current"
  (($1 >= used)) || too_low ram_bytes "$used" "$1" 'it cannot be reclaimed'
}

require_capability() {
  has_capability "$1" || fail_lacking "$1" "this host does not have $1"
}

require_limit() {
  has_capability "limit:$1" || fail_lacking "limit:$1" "this host cannot enforce the limit $1"
}

# berth_set_addresses ID FENCE BYTES: the spec's address lines on stdin.
berth_set_addresses() {
  local lines
  begin_change "$1" "$2"
  read_bytes lines "$3"
  if is_running; then
    forget_addresses
    replace_in_spec address "$lines"
    write_network
    replug
  else
    replace_in_spec address "$lines"
  fi
  write_config
}

# Brings the veth of a running container to what net.host, net.guest and net.nft say.
replug() {
  local uplink line
  init_pid
  ((INIT_PID)) || return 0
  read -r uplink _ <"$RUN/uplink"
  allow_addresses
  if [[ ! -e /sys/class/net/$VETH ]]; then
    plug_back "$INIT_PID"
    return
  fi
  {
    echo "address replace 169.254.0.1/32 dev $VETH"
    [[ ! -e /proc/sys/net/ipv6 ]] || echo "address replace fe80::1/64 dev $VETH nodad"
    {
      read -r line
      while read -r line; do echo "${line/% UPLINK/ $uplink}"; done
    } <"$DIR/net.host"
  } | ip -batch -
  {
    echo 'address flush dev eth0 scope global'
    echo 'link set eth0 up'
    echo "$(<"$DIR/net.guest")"
  } | nsenter --net="/proc/$INIT_PID/ns/net" ip -batch -
  announce "$uplink"
}

announce() {
  local one family address
  for one in "${ADDRESSES[@]}"; do
    read -r family address _ <<<"$one"
    [[ $family == 4 ]] || continue
    arping -q -c 2 -w 2 -U -I "$1" -s "$address" "$address" </dev/null >/dev/null 2>&1 {LOCK_FD}>&- &
  done
}

# berth_set_hostname ID FENCE NAME
berth_set_hostname() {
  begin_change "$1" "$2"
  replace_in_spec hostname "hostname $3"$'\n'
  write_hostname
  if is_running; then
    init_pid
    ((INIT_PID == 0)) || nsenter --uts="/proc/$INIT_PID/ns/uts" hostname -- "$3"
  fi
  write_config
}

# berth_set_dns ID FENCE BYTES: the spec's nameserver and search lines on stdin.
berth_set_dns() {
  local lines
  begin_change "$1" "$2"
  read_bytes lines "$3"
  replace_in_spec 'nameserver|search' "$lines"
  write_dns
}

# berth_set_password ID FENCE BYTES: the password on stdin.
berth_set_password() {
  local password
  begin_change "$1" "$2"
  read_bytes password "$3"
  hash_password "$password"
  write_password
}

# berth_set_keys ID FENCE BYTES: the lines of authorized_keys on stdin.
berth_set_keys() {
  local keys
  begin_change "$1" "$2"
  read_bytes keys "$3"
  write_ssh_keys "$keys"
}

# berth_check_limits ID [NAME=VALUE]…: refuses what berth_set_limits would refuse, and changes nothing.
berth_check_limits() {
  use_container "$1"
  require_container
  load_spec
  open_root
  merge_limits "${@:2}"
  check_change
}
