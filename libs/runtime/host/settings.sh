# Changes to a container that exists, live where it runs. Needs all the others.
# shellcheck shell=bash disable=SC2153

begin_change() {
  begin_mutation "$1" "$2"
  require_container
  load_spec
}

# berth_set_limits ID FENCE [NAME=VALUE]…: an empty value lifts. All or nothing: what the kernel refuses undoes the rest.
berth_set_limits() {
  local one before=() names=() lines=''
  begin_change "$1" "$2"
  before=("${SPEC[@]}")
  for one in "${@:3}"; do
    names+=("limit ${one%%=*}")
    [[ -z ${one#*=} ]] || require_limit "${one%%=*}"
    [[ -z ${one#*=} ]] || lines+="limit ${one%%=*} ${one#*=}"$'\n'
  done
  ((${#names[@]})) || return 0
  replace_in_spec "$(IFS='|' && echo "${names[*]}")" "$lines"
  if ! (apply_disk_limit && { ! is_running || apply_live_limits; }); then
    write_file "$DIR/spec" "$(printf '%s\n' "${before[@]}")"$'\n'
    load_spec
    apply_disk_limit || true
    if is_running; then (apply_live_limits) || true; fi
    fail command_failed "the kernel refused the limits (memory in use above the new limit?): the old ones stay"
  fi
  write_config
}

require_limit() {
  has_capability "limit:$1" || fail_lacking "limit:$1" "this host cannot enforce the limit $1"
}

# Writes the limits of LIMITS into the running container's cgroups; those not set are lifted.
apply_live_limits() {
  local name file
  for name in $LIVE_LIMITS; do
    find_limit_file "$name" "${LIMITS[$name]-}"
    file=$CGROUP/$LIMIT_CONTROLLER/$PAYLOAD/$LIMIT_KEY
    if [[ -z ${LIMITS[$name]-} && ! -e $file ]]; then continue; fi
    echo "$LIMIT_VALUE" >"$file" || return 1
  done
}

simple_quota() {
  [[ -e $RUN/simple-quota ]]
}

apply_disk_limit() {
  local limit=${LIMITS[disk_bytes]:-none}
  if simple_quota; then
    btrfs qgroup limit "$limit" "1/${ID#ct}" "$POOL"
  elif [[ -e $RUN/quota ]]; then
    btrfs qgroup limit "$limit" "$DIR/rootfs"
  fi
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
    read -r _ line <"$RUN/state/$ID.pid"
    LXC_NAME=$ID LXC_PID=$INIT_PID "$LIB/hook-start-host" {LOCK_FD}>&-
    echo "$INIT_PID $line" >"$RUN/state/$ID.pid"
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
  write_password "$password"
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
  local one
  use_container "$1"
  require_container
  for one in "${@:2}"; do
    [[ -z ${one#*=} ]] || require_limit "${one%%=*}"
  done
}
