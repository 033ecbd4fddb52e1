# The host's side of containers' networks. Needs common.sh.
# shellcheck shell=bash

# Brings the rates of a plugged veth to what net.tc says. What is shaped already changes without losing a packet.
apply_rates() {
  local line batch='' rates
  [[ -e /sys/class/net/$VETH ]] || return 0
  rates=$(<"$DIR/net.tc")
  if [[ $rates != *"dev $VETH root"* ]]; then tc qdisc del dev "$VETH" root 2>/dev/null || true; fi
  if [[ $rates != *"dev $IFB root"* ]]; then
    [[ ! -e /sys/class/net/$IFB ]] || { tc qdisc del dev "$VETH" ingress && ip link delete "$IFB"; }
  elif [[ -e /sys/class/net/$IFB ]]; then
    rates=${rates%%qdisc add*}
  else
    add_rate_device
  fi
  [[ ! $rates ]] || tc -batch - <<<"$rates"
}

add_rate_device() {
  ip -batch - <<<"link add $IFB numtxqueues 1 numrxqueues 1 type ifb
link set $IFB up"
}

# Adds the container's addresses to what its veth may send.
allow_addresses() {
  [[ ! -s $DIR/net.nft ]] || nft -f "$DIR/net.nft"
}

# Keeps a start and the end of the run before it apart. Held until the calling (sub)shell ends.
lock_network() {
  exec {NET_FD}>>"$RUN/locks/$ID.net"
  flock -w 10 "$NET_FD"
}

# From here on the container before can't unplug any more. To be called in a process of its own, which holds the lock.
NEW=
take_over_network() {
  [[ $NEW ]] || lock_network # there was none before
  : >"$RUN/state/$ID.pid"
  allow_addresses
}

# Takes veth, routes, proxy entries and permitted addresses away; what is gone already is fine.
unplug() {
  take_routes_back
  rm -f "$RUN/state/$ID.pid"
  if [[ -e /sys/class/net/$VETH ]]; then ip link delete "$VETH" 2>/dev/null || true; fi
  if [[ -e /sys/class/net/$IFB ]]; then ip link delete "$IFB" 2>/dev/null || true; fi
  forget_addresses
}

# drop_traffic delete|replace: sets BATCH, for ip(8), by which what comes for its addresses is dropped without a word, and the
# uplink's neighbours are not, or are, answered for them. A peer that was told `unreachable` or got a reset would end a
# connection that is to go on.
drop_traffic() {
  local line uplink
  read -r uplink _ <"$RUN/uplink"
  : >"$RUN/state/$ID.held"
  BATCH=''
  while read -r line; do
    case $line in
      'neigh replace proxy '*) BATCH+="neigh $1 ${line#neigh replace }"$'\n' ;;
      'route replace '*) line=${line#route replace } && BATCH+="route replace blackhole ${line%% dev *}"$'\n' ;;
    esac
  done <"$DIR/net.host"
  BATCH=${BATCH//UPLINK/$uplink}
}

# Takes the veth away for a while.
hold_routes() {
  drop_traffic delete
  BATCH+="link delete $VETH"$'\n'
  [[ ! -e /sys/class/net/$IFB ]] || BATCH+="link delete $IFB"$'\n'
  ip -force -batch - <<<"$BATCH" 2>/dev/null || true
}

# berth_cut_network ID FENCE: by a file beside its configuration, which hook-start-host heeds.
berth_cut_network() {
  begin_mutation "$1" "$2"
  require_container
  refuse_departing
  : >"$DIR/net.cut"
  flush_at_end
  [[ -e /sys/class/net/$VETH ]] || return 0
  drop_traffic delete
  ip -force -batch - <<<"${BATCH}link set $VETH down" 2>/dev/null || true
}

berth_mend_network() {
  begin_mutation "$1" "$2"
  require_container
  refuse_departing
  rm -f "$DIR/net.cut"
  flush_at_end
  if is_running && [[ -e /sys/class/net/$VETH ]]; then
    go_live
  else
    take_routes_back
  fi
}

# Neighbours are told that its addresses are to be found here, though nothing is there yet: what they send is dropped. When its
# processes go on, the answer to their first packet comes here at once; sent to the former host it would be lost, and a
# connection would wait a second for its next try.
expect_routes() {
  drop_traffic replace
  [[ -z $BATCH ]] || ip -force -batch - <<<"$BATCH" 2>/dev/null || true
  announce_addresses
}

announce_addresses() {
  local line uplink
  local -a addresses=()
  read -r uplink _ <"$RUN/uplink"
  while read -r line; do
    case $line in
      'route replace '*.*' dev '*) line=${line#route replace } && addresses+=("${line%%/*}") ;;
      'neigh replace proxy '*) line=${line#neigh replace proxy } && addresses+=("${line%% *}") ;;
    esac
  done <"$DIR/net.host"
  ((${#addresses[@]} == 0)) || "$LIB/announce" "$uplink" "${addresses[@]}" </dev/null >/dev/null 2>&1 {LOCK_FD}>&- || true
}

take_routes_back() {
  local line batch=''
  [[ -e $RUN/state/$ID.held ]] || return 0
  while read -r line; do
    [[ $line != 'route replace '* ]] || { line=${line#route replace } && batch+="route delete blackhole ${line%% dev *}"$'\n'; }
  done <"$DIR/net.host"
  [[ -z $batch ]] || ip -force -batch - <<<"$batch" 2>/dev/null || true
  rm -f "$RUN/state/$ID.held"
}

# plug_back PID: the network of processes that were dumped and are still here.
plug_back() {
  local monitor='' start=''
  [[ ! -e /sys/class/net/$VETH ]] || return 0
  take_routes_back
  read -r _ monitor start <"$RUN/state/$ID.pid" || true
  LXC_NAME=$ID LXC_PID=$1 "$LIB/hook-start-host" {LOCK_FD}>&-
  echo "$1 $monitor $start" >"$RUN/state/$ID.pid"
}

# The host's side of a veth that hook-start-host plugged quietly: up, routes, and the neighbours told.
go_live() {
  local line uplink batch=''
  read -r uplink _ <"$RUN/uplink"
  # A blackhole goes by being replaced.
  rm -f "$RUN/state/$ID.held"
  batch="address replace 169.254.0.1/32 dev $VETH"$'\n'
  [[ ! -e /proc/sys/net/ipv6 ]] || batch+="address replace fe80::1/64 dev $VETH nodad"$'\n'
  batch+="link set $VETH up"$'\n'
  while read -r line; do
    [[ $line != *' '* ]] || batch+=${line/% UPLINK/ $uplink}$'\n'
  done <"$DIR/net.host"
  ip -batch - <<<"$batch"
  announce_addresses &
}

# Undoes net.nft and net.host, as they were when plugged.
forget_addresses() {
  local line uplink=- batch=''
  [[ -e $DIR/net.host ]] || return 0
  while read -r line; do
    [[ $line != add\ element\ * ]] || nft "delete${line#add}" 2>/dev/null || forget_one_by_one "$line"
  done <"$DIR/net.nft"
  [[ ! -e $RUN/uplink ]] || read -r uplink _ <"$RUN/uplink"
  while read -r line; do
    case $line in
      'neigh replace proxy '*) batch+="neigh delete ${line#neigh replace }"$'\n' ;;
      'route replace '*) [[ ! -e /sys/class/net/$VETH ]] || batch+="route delete ${line#route replace }"$'\n' ;;
    esac
  done <"$DIR/net.host"
  [[ -z $batch ]] || ip -force -batch - <<<"${batch//UPLINK/$uplink}" 2>/dev/null || true
}

# One that is missing makes nft refuse them all.
forget_one_by_one() {
  local set=${1#add element inet berth } element
  local elements=${1#*\{ }
  elements=${elements% \}}
  local -a list
  IFS=',' read -r -a list <<<"$elements"
  for element in "${list[@]}"; do
    nft "delete element inet berth ${set%% *} { $element }" 2>/dev/null || true
  done
}

# The table that drops what a container sends from an address that isn't its own, and what it sends to the host itself:
# no service of the host is for guests but those in guests_may_reach. Replies to connections that the host began are
# told by the ACK they carry, not by connection tracking, whose table one guest could fill for all. Atomic; the elements
# of own4 and own6 come with starts.
write_firewall() {
  local guests
  nft -f - <<'EOF'
add table inet berth
add set inet berth own4 { type ifname . ipv4_addr ; }
add set inet berth own6 { type ifname . ipv6_addr ; flags interval ; }
add chain inet berth spoof { type filter hook prerouting priority raw ; policy accept ; }
add chain inet berth guest
add chain inet berth input { type filter hook input priority filter ; policy accept ; }
add chain inet berth host
add set inet berth guests_may_reach { type inet_proto . inet_service ; }
flush chain inet berth spoof
flush chain inet berth guest
flush chain inet berth input
flush chain inet berth host
add rule inet berth spoof iifname "v-ct*" goto guest
add rule inet berth guest meta nfproto ipv4 iifname . ip saddr @own4 accept
add rule inet berth guest meta nfproto ipv6 iifname . ip6 saddr @own6 accept
add rule inet berth guest ip6 saddr fe80::/10 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept
add rule inet berth guest ip6 saddr :: icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept
add rule inet berth guest counter drop
add rule inet berth input iifname "v-ct*" goto host
add rule inet berth host meta l4proto { 1, 58 } accept
add rule inet berth host meta l4proto . th dport @guests_may_reach accept
add rule inet berth host tcp flags & ack == ack accept
add rule inet berth host counter drop
EOF
}
