# The moment of a migration: the container stands still at the source, and the rest of it goes over. Needs all the others.
# What is done when, and why: docs/decisions/0013-frozen-time.md.
# shellcheck shell=bash disable=SC2153

# berth_hand_over ID FENCE MIGRATION RATE MODE SECONDS: prints bytes, running, and for how many ms it has stood still.
berth_hand_over() {
  local result
  begin_departure "$1" "$2" "$3"
  if [[ -e $DEPARTURE/handed-over ]]; then
    print_handed_over
    return
  fi
  open_channel
  drop_final
  mkdir -p "$DEPARTURE/final/named"
  if [[ $5 == live ]] && is_running; then
    hand_over_live "$4"
  else
    (hand_over_stopped "$4" "$6") || {
      result=$?
      drop_final
      if ((RAN)) && ! is_running; then start_existing; fi
      exit "$result"
    }
  fi
  print_handed_over
}

print_handed_over() {
  local key value
  while read -r key value; do
    [[ $key != since ]] || key=still value=$((${EPOCHREALTIME/./} / 1000 - value / 1000))
    echo "$key $value"
  done <"$DEPARTURE/handed-over"
}

# All that can be done before is done before it stands still; then the disk goes over while the memory is written down.
hand_over_live() {
  local images=$CHANNEL/images needed round=0 disk_round=0
  needed=$(memory_bytes)
  # In memory, where there is room for it twice.
  (($(awk '/^MemAvailable:/ { print $2 * 1024 }' /proc/meminfo) > 2 * needed + 268435456)) || images=$DEPARTURE/images
  rm -rf "$images"
  mkdir -p "$images"
  MEMORY_PARENT=()
  if [[ -e $CHANNEL/memory/round && $images == "$CHANNEL/images" ]]; then
    read -r round <"$CHANNEL/memory/round"
    find_memory_parent "../memory/$round" "$round"
    ((round == 0)) || MEMORY_PARENT+=(--track-mem)
  fi
  settle_localtime
  [[ ! -e $DEPARTURE/round ]] || read -r disk_round <"$DEPARTURE/round"
  ((disk_round > 0)) || send_first "$1"
  find_parent "$disk_round"
  (
    warm images peer images
    warm disk receive_final "$1"
    warm sealed peer sealed 1
    QUIET='' DISK=''
    trap end_jobs EXIT
    end_terminals
    STILL_SINCE=${EPOCHREALTIME/./}
    set_frozen
    quiet_down "$images" &
    QUIET=$!
    copy_root "$DIR" "$DEPARTURE/final" || fail no_space 'no copy could be made of its files: its pool is full'
    send_frozen_disk &
    DISK=$!
    COPY_TO=$DEPARTURE/final/named HOLD=1 dump_processes "$images" --leave-running "${MEMORY_PARENT[@]}"
    wait "$QUIET" || fail command_failed "the network of $ID could not be held"
    send_rest "$1" "$images"
  ) || {
    local status=$?
    init_pid
    plug_back "$INIT_PID"
    set_thawed
    drop_final
    exit "$status"
  }
}

# Nothing of a hand-over that failed goes on when the processes do.
end_jobs() {
  forget_warm
  [[ ! $QUIET ]] || wait "$QUIET" || true
  [[ ! $DISK ]] || kill "$DISK" 2>/dev/null || true
  [[ ! $DISK ]] || wait "$DISK" || true
}

# Meanwhile: the network goes, and its counters are read for the last time.
quiet_down() {
  forget_warm
  find_groups "$1"
  save_groups
  (LOCK_WAIT_S=2 && begin_count && count_container >/dev/null) || true
  cp "$DIR"/counters.[01] "$1/" || true
  hold_routes
  : >"$1/berth-quiet"
}

# warm NAME COMMAND…: begins a command that is to read from WARM[NAME] later. What it waits for until then (a process, a
# handshake) nobody has to wait for any more.
declare -A WARM=() WARM_PID=()
warm() {
  local fifo=$CHANNEL/warm.$1 fd
  rm -f "$fifo"
  mkfifo "$fifo"
  (
    forget_warm
    "${@:2}"
  ) <"$fifo" &
  WARM_PID[$1]=$!
  exec {fd}>"$fifo"
  WARM[$1]=$fd
}

# In another process: its copies of the ends would keep the commands waiting.
forget_warm() {
  local fd
  for fd in "${WARM[@]}"; do exec {fd}>&-; done
}

# cooled NAME: no more is to come; gives how it ended.
cooled() {
  local fd=${WARM[$1]}
  exec {fd}>&-
  unset "WARM[$1]"
  wait "${WARM_PID[$1]}"
}

receive_final() { pump "$1" "$CHANNEL/sent.final" | peer disk final; }

send_frozen_disk() {
  local fd=${WARM[disk]} parent=()
  unset 'WARM[disk]'
  forget_warm
  [[ $PARENT == - ]] || parent=(-p "$PARENT")
  exec btrfs send -q "${parent[@]}" "$DEPARTURE/final/root" >&"$fd" {LOCK_FD}>&-
}

# Images, the end of the disk, and names that CRIU gave to files without one.
send_rest() {
  local images=${WARM[images]} disk_bytes images_bytes
  tar -C "$2" -cf - . >&"$images" {LOCK_FD}>&- || true
  cooled images || peer_failed images "the images of the memory did not arrive at $PEER: the connection was lost"
  wait "$DISK" && cooled disk || peer_failed disk "the disk did not arrive at $PEER: the connection was lost"
  disk_bytes=$(<"$CHANNEL/sent.final")
  if [[ -d $DEPARTURE/final/named/root ]]; then
    send_subvolume "$DEPARTURE/final/named/root" "$DEPARTURE/final/root" "$1" named
    disk_bytes=$((disk_bytes + SENT))
  fi
  images_bytes=$(du -sb "$2")
  seal "$((disk_bytes + ${images_bytes%%[!0-9]*}))" 1
}

hand_over_stopped() {
  local round=0
  STILL_SINCE=${EPOCHREALTIME/./}
  if is_running; then
    if payload_frozen; then set_thawed; fi
    timeout "$2" lxc-stop -P "$CONTAINERS" -n "$ID" --nokill -t 86400 </dev/null >&2 || true
    await_end || kill_container
  fi
  unplug
  [[ ! -e $DEPARTURE/round ]] || read -r round <"$DEPARTURE/round"
  if ((round == 0)); then send_first "$1"; fi
  copy_root "$DIR" "$DEPARTURE/final"
  find_parent "$round"
  tar_counters | peer counters || peer_failed counters "$PEER did not take the counters"
  send_subvolume "$DEPARTURE/final/root" "$PARENT" "$1" final
  seal "$((${TOTAL_SENT:-0} + SENT))" "$RAN"
}

# seal BYTES RUNNING: from here on this container does not go on here but by resume_source. On the disk before the target
# is told that it may go on there.
seal() {
  write_file "$DEPARTURE/handed-over" "bytes $1"$'\n'"running $2"$'\n'"since $STILL_SINCE"$'\n'
  sync "$DEPARTURE/handed-over" "$DEPARTURE"
  [[ ${WARM[sealed]-} ]] || warm sealed peer sealed "$2"
  echo go >&"${WARM[sealed]}" || true
  cooled sealed || {
    rm -f "$DEPARTURE/handed-over"
    peer_failed sealed "$PEER did not answer at the end"
  }
}
