# What containers use, as beancounters. Needs common.sh, spec.sh and limits.sh. Hosts hold hundreds of containers: no
# process a container, but what the shell reads by itself.
#
# Kernel counters begin anew with every start of a container. So each has a record, of which two copies are written in
# turn (a host that dies while it writes one has the other): number of the sample, boot, full (1 while the disk is), then
# for every sum `before last` (of earlier runs, of this run at the last sample), then the maxima, then `end`.
# shellcheck shell=bash disable=SC2153

SUMS=(cputime ioread iowrite netin netout physpages_fail swappages_fail kmemsize_fail numproc_fail cputime_fail
  diskspace_fail diskinodes_fail netin_fail netout_fail)
MAXIMA=(physpages swappages kmemsize numproc diskspace diskinodes)
RESOURCES=(kmemsize numproc physpages swappages cputime diskspace diskinodes ioread iowrite netin netout)
UNLIMITED=9223372036854775807

# berth_usage: `ct ID STATE AT BOOT UPTIME` lines, each followed by `bc RESOURCE HELD MAXHELD BARRIER LIMIT FAILCNT`.
berth_usage() {
  local dir
  begin_count
  for dir in "$CONTAINERS"/ct*/config; do
    [[ -e $dir ]] || continue
    dir=${dir%/config}
    use_container "${dir##*/}"
    count_container || true
  done
}

berth_usage_of() {
  use_container "$1"
  require_container
  begin_count
  count_container
}

# A run that ends takes its counters along: called by LXC's hook while they are still there.
berth_last_count() {
  begin_count
  count_container ended >/dev/null
}

begin_count() {
  [[ -e $PREPARED ]] || exit "$EXIT_NOT_PREPARED"
  exec {COUNT_FD}>>"$RUN/usage.lock"
  flock -w "$LOCK_WAIT_S" "$COUNT_FD" || fail busy 'another command has been counting for too long'
  read -r HOST_UPTIME _ </proc/uptime
  HOST_BOOT=$(<"$RUN/boot-id")
  find_drops
  find_all_image_use
}

# Packets that a rate limit let fall, by device.
find_drops() {
  local file line device='' limited='' qdiscs
  declare -gA DROPS=()
  for file in "$CONTAINERS"/ct*/net.tc; do if [[ -s $file ]]; then limited=1 && break; fi; done
  [[ $limited ]] || return 0
  mapfile -t qdiscs < <(tc -s qdisc show)
  for line in "${qdiscs[@]}"; do
    if [[ $line =~ ^qdisc\ tbf\ .*\ dev\ ([^ ]+)\ root ]]; then
      device=${BASH_REMATCH[1]}
    elif [[ $line == qdisc* ]]; then
      device=
    elif [[ $device && $line =~ \(dropped\ ([0-9]+) ]]; then
      DROPS[$device]=${BASH_REMATCH[1]} device=
    fi
  done
}

count_container() {
  local state=stopped boot=- uptime=-
  declare -gA RAW=() HELD=() PEAK=()
  load_spec
  if payload_alive || [[ ${1-} == ended ]]; then
    state=running
    if payload_frozen; then state=frozen; fi
    find_boot
    "read_counters_$CGROUP_VERSION"
    read_network_counters
  elif [[ -e $DIR/checkpoint/done ]]; then
    state=checkpointed
  fi
  read_disk
  update_record
  echo "ct $ID $state ${EPOCHREALTIME%.*}${EPOCHREALTIME:11:3} $boot $uptime"
  print_beancounters
  [[ ! -e $RUN/beancounters/$ID ]] || write_user_file
}

# Sets boot and uptime by the start of the container's init, which the hook that plugged it noted: hundredths of a second.
find_boot() {
  local pid start now
  [[ -e $RUN/state/$ID.pid ]] || return 0
  read -r pid _ start <"$RUN/state/$ID.pid" || true
  [[ ${start-} ]] || return 0
  now=${HOST_UPTIME/./}
  boot=${HOST_BOOT%%-*}-$pid-$start
  uptime=$((now > start ? (now - start) / 100 : 0))
}

# read_value NAME FILE: sets it to the file's first word; empty where the file is missing.
read_value() {
  printf -v "$1" ''
  [[ ! -e $2 ]] || { read -r "${1?}" <"$2"; } 2>/dev/null || true
}

# find_field NAME TEXT KEY: the number behind `KEY ` at the start of a line of TEXT; empty where there is none.
find_field() {
  local rest=$'\n'$2
  printf -v "$1" ''
  [[ $rest == *$'\n'"$3 "* ]] || return 0
  rest=${rest#*$'\n'"$3 "}
  printf -v "$1" %s "${rest%%[!0-9]*}"
}

# add_held RESOURCE VALUE PEAK: what is empty isn't counted by this kernel.
add_held() {
  [[ ! $2 ]] || HELD[$1]=$2
  [[ ! $3 ]] || PEAK[$1]=$3
}
add_raw() { [[ ! $2 ]] || RAW[$1]=$2; }

read_counters_v1() {
  local dir=$CGROUP/memory/$PAYLOAD value peak fail text
  read_value value "$dir/memory.usage_in_bytes"
  read_value peak "$dir/memory.max_usage_in_bytes"
  [[ ! $value ]] || add_held physpages $((value / 4096)) $((peak / 4096))
  read_value fail "$dir/memory.failcnt" && add_raw physpages_fail "$fail"
  if [[ -e $dir/memory.memsw.failcnt && -e $dir/memory.stat ]]; then
    text=$(<"$dir/memory.stat")
    find_field value "$text" total_swap
    [[ ! $value ]] || add_held swappages $((value / 4096)) ''
    # With no swap to be had the sum's limit is met first: a page of memory was refused all the same. Not all kernels
    # count that, but all count whom they killed for it.
    read_value value "$dir/memory.memsw.failcnt" && add_raw swappages_fail "$value"
    fail=$((${fail:-0} + ${value:-0}))
    find_field value "$(<"$dir/memory.oom_control")" oom_kill
    RAW[physpages_fail]=$((${value:-0} > fail ? value : fail))
  fi
  read_value value "$dir/memory.kmem.usage_in_bytes"
  read_value peak "$dir/memory.kmem.max_usage_in_bytes"
  add_held kmemsize "$value" "$peak"
  read_value value "$dir/memory.kmem.failcnt" && add_raw kmemsize_fail "$value"
  read_pids "$CGROUP/pids/$PAYLOAD"
  read_value value "$CGROUP/cpuacct/$PAYLOAD/cpuacct.usage"
  [[ ! $value ]] || add_raw cputime $((value / 1000))
  read_throttled "$CGROUP/cpu/$PAYLOAD/cpu.stat"
  read_io_v1 "$CGROUP/blkio/$PAYLOAD/blkio.throttle.io_service_bytes_recursive"
}

read_counters_v2() {
  local dir=$CGROUP/$PAYLOAD value peak text
  read_value value "$dir/memory.current"
  read_value peak "$dir/memory.peak"
  [[ ! $value ]] || add_held physpages $((value / 4096)) "${peak:+$((peak / 4096))}"
  [[ ! -e $dir/memory.events ]] || find_field value "$(<"$dir/memory.events")" max
  add_raw physpages_fail "$value"
  read_value value "$dir/memory.swap.current"
  read_value peak "$dir/memory.swap.peak"
  [[ ! $value ]] || add_held swappages $((value / 4096)) "${peak:+$((peak / 4096))}"
  if [[ -e $dir/memory.swap.events ]]; then
    find_field value "$(<"$dir/memory.swap.events")" max && add_raw swappages_fail "$value"
  fi
  if [[ -e $dir/memory.stat ]]; then
    text=$(<"$dir/memory.stat")
    find_field value "$text" kernel
    add_held kmemsize "$value" ''
  fi
  read_pids "$dir"
  if [[ -e $dir/cpu.stat ]]; then find_field value "$(<"$dir/cpu.stat")" usage_usec && add_raw cputime "$value"; fi
  read_throttled "$dir/cpu.stat"
  read_io_v2 "$dir/io.stat"
}

read_pids() {
  local value peak
  read_value value "$1/pids.current"
  read_value peak "$1/pids.peak"
  add_held numproc "$value" "$peak"
  if [[ -e $1/pids.events ]]; then find_field value "$(<"$1/pids.events")" max && add_raw numproc_fail "$value"; fi
}

# Periods in which it wanted more of the processor than it may have.
read_throttled() {
  local value
  [[ -e $1 ]] || return 0
  find_field value "$(<"$1")" nr_throttled
  add_raw cputime_fail "$value"
}

# Of the pool's own disks: the same bytes pass through devices above them too.
read_io_v1() {
  local device kind value read=0 written=0
  [[ -e $1 ]] || return 0
  while read -r device kind value; do
    [[ " $POOL_DEVICES " == *" $device "* ]] || continue
    case $kind in Read) read=$((read + value)) ;; Write) written=$((written + value)) ;; esac
  done <"$1"
  RAW[ioread]=$read RAW[iowrite]=$written
}

read_io_v2() {
  local device rest read=0 written=0
  [[ -e $1 ]] || return 0
  while read -r device rest; do
    [[ " $POOL_DEVICES " == *" $device "* && $rest =~ rbytes=([0-9]+)\ wbytes=([0-9]+) ]] || continue
    read=$((read + BASH_REMATCH[1])) written=$((written + BASH_REMATCH[2]))
  done <"$1"
  RAW[ioread]=$read RAW[iowrite]=$written
}

# The host's side of the veth: what it sends, the container receives.
read_network_counters() {
  local value dir=/sys/class/net/$VETH/statistics
  [[ -d $dir ]] || return 0
  read_value value "$dir/tx_bytes" && add_raw netin "$value"
  read_value value "$dir/rx_bytes" && add_raw netout "$value"
  RAW[netin_fail]=${DROPS[$VETH]-0} RAW[netout_fail]=${DROPS[$IFB]-0}
}

# A disk's refusals aren't counted by the kernel: how often a sample finds it full, where the one before did not.
read_disk() {
  local limit=${LIMITS[disk_bytes]-}
  FULL=0
  find_disk_use
  [[ $DISK_USED ]] || return 0
  HELD[diskspace]=$DISK_USED
  [[ ! $INODES_USED ]] || HELD[diskinodes]=$INODES_USED
  if [[ $limit ]] && ((limit - DISK_USED < limit / 200)); then FULL=1; fi
}

# Reads the record of the earlier samples, brings it up to date in TOTAL and MAX, and writes it.
update_record() {
  local name value at=2 number=0 known='' was_full=0 text same copy
  local -a words record=()
  declare -gA TOTAL=() MAX=()
  for copy in 0 1; do
    words=()
    [[ ! -e $DIR/counters.$copy ]] || read -r -a words <"$DIR/counters.$copy" || true
    if ((${#words[@]})) && [[ ${words[-1]} == end ]] && ((words[0] > number)); then record=("${words[@]}") number=${words[0]}; fi
  done
  known=${record[1]-} was_full=${record[2]-0}
  if ((FULL && !was_full)); then value=1; else value=0; fi
  text="$((number + 1)) ${boot/#-/${known:--}} $FULL"
  [[ $known == "$boot" ]] && same=1 || same=
  RAW[diskspace_fail]=disk
  at=3
  for name in "${SUMS[@]}"; do
    local before=${record[at]-0} last=${record[at + 1]-0} now=${RAW[$name]-}
    at=$((at + 2))
    if [[ $now == disk ]]; then before=$((before + value)) last=0 now=0; fi
    # Without a figure nothing changes; a new run, or a counter that began anew, leaves what was behind.
    if [[ $now ]]; then
      if [[ ! $same ]] || ((now < last)); then before=$((before + last)); fi
      last=$now
    fi
    TOTAL[$name]=$((before + last))
    text+=" $before $last"
  done
  for name in "${MAXIMA[@]}"; do
    value=${record[at]-0}
    at=$((at + 1))
    ((${PEAK[$name]:-0} <= value)) || value=${PEAK[$name]}
    ((${HELD[$name]:-0} <= value)) || value=${HELD[$name]}
    MAX[$name]=$value
    text+=" $value"
  done
  printf '%s end\n' "$text" >"$DIR/counters.$(((number + 1) % 2))"
}

# Sets BARRIER and LIMIT of a resource, `-` where there is none.
find_bounds() {
  BARRIER=- LIMIT=-
  case $1 in
    physpages)
      [[ ! ${LIMITS[ram_bytes]-} ]] || LIMIT=$((LIMITS[ram_bytes] / 4096))
      BARRIER=$LIMIT
      [[ ! ${LIMITS[ram_barrier_bytes]-} ]] || BARRIER=$((LIMITS[ram_barrier_bytes] / 4096))
      return
      ;;
    swappages) [[ ! ${LIMITS[swap_bytes]-} ]] || LIMIT=$((LIMITS[swap_bytes] / 4096)) ;;
    numproc) LIMIT=${LIMITS[num_proc]:--} ;;
    diskspace) LIMIT=${LIMITS[disk_bytes]:--} ;;
    diskinodes) LIMIT=${LIMITS[disk_inodes]:--} ;;
  esac
  BARRIER=$LIMIT
}

# Sets LINE to `held maxheld barrier limit failcnt`; false for what isn't counted.
find_beancounter() {
  local held max
  case $1 in
    cputime | ioread | iowrite | netin | netout) held=${TOTAL[$1]} max=$held ;;
    *) [[ ${HELD[$1]-} ]] || return 1 && held=${HELD[$1]} max=${MAX[$1]} ;;
  esac
  find_bounds "$1"
  LINE="$held $max $BARRIER $LIMIT ${TOTAL[$1_fail]-0}"
}

print_beancounters() {
  local name
  for name in "${RESOURCES[@]}"; do
    if find_beancounter "$name"; then echo "bc $name $LINE"; fi
  done
}

# The file that the server sees, in the format of OpenVZ's /proc/user_beancounters. Of one length at all times and
# written over in one go, so that a reader finds it whole; and in place, since it is what is mounted inside.
write_user_file() {
  local name text first words
  printf -v first '%10s:' "${ID#ct}"
  printf -v text 'Version: 2.5\n%11s  %-12s %20s %20s %20s %20s %20s\n' uid resource held maxheld barrier limit failcnt
  for name in "${RESOURCES[@]}"; do
    find_beancounter "$name" || LINE="0 ${MAX[$name]-0} - - ${TOTAL[${name}_fail]-0}"
    read -r -a words <<<"${LINE//-/$UNLIMITED}"
    printf -v first '%11s  %-12s %20s %20s %20s %20s %20s\n' "$first" "$name" "${words[@]}"
    text+=$first first=
  done
  printf '%s' "$text" 1<>"$RUN/beancounters/$ID"
}
