# What the driver does to one container. Each berth_ function is one round trip, takes the lock and checks the fence
# first, looks before it acts, and may be killed at any point: the same call again completes what was begun.
# shellcheck shell=bash disable=SC2153

# berth_create ID FENCE SPEC_BYTES KEYS_BYTES PASSWORD_BYTES, the three on stdin.
berth_create() {
  begin_create "$@"
  if [[ ! $FRESH ]] && is_running; then
    forget_addresses
    write_network
    replug
    apply_live_limits
  fi
  wait_for_jobs
  save_config
}

# All but the configuration, with which the container is complete. Commands that need no other's result run beside each
# other, and are still to be waited for: the kernel makes the disk while the shell writes files. MOUNTS is set by who goes on to
# launch, which finds the mount and the firewall begun.
JOBS=()
MOUNTS=
MOUNTING=
FIREWALL=
CLONE_SOURCE=
begin_create() {
  local spec keys password line
  GROWS=1 begin_mutation "$1" "$2"
  read_bytes spec "$3"
  read_bytes keys "$4"
  read_bytes password "$5"
  [[ -z $password ]] || hash_password "$password"
  [[ -e $DIR/config || $CLONE_SOURCE ]] || FRESH=1
  while read -r line; do
    [[ $line != feature\ * ]] || require_feature "${line#feature }"
    [[ $line != limit\ * ]] || { line=${line#limit } && require_limit "${line%% *}"; }
  done <<<"$spec"
  if [[ $CLONE_SOURCE ]]; then find_clone_origin; else find_template "$spec"; fi
  if [[ ! -d $DIR || ! -d $ROOT || ! -d $RUN/devices/$ID ]]; then
    { needs_image "$spec" || open_account; } &
    mkdir -p -m 700 "$DIR" "$ROOT" "$RUN/devices/$ID"
    wait "$!"
    HAS_ACCOUNT=1
  fi
  make_root "$spec" &
  JOBS=("$!")
  write_spec "$spec"
  write_network
  if [[ $MOUNTS && $FRESH ]]; then
    NEW=1
    take_over_network &
    FIREWALL=$!
  fi
  write_interfaces
  render_config
  wait_for_jobs
  apply_disk_limit &
  JOBS=("$!")
  if [[ $MOUNTS && $FRESH ]]; then
    mount_root &
    MOUNTING=$!
  fi
  [[ ! $CLONE_SOURCE || -e $DIR/config ]] || renew_identity
  write_hostname
  write_dns
  [[ -z $keys ]] || write_ssh_keys "$keys"
  [[ -z $password ]] || write_password
}

# One by one, since each may have failed.
wait_for_jobs() {
  local job
  for job in "${JOBS[@]}"; do wait "$job"; done
  JOBS=()
}

# Adds what the template says of itself: the signal that makes its init shut down.
write_spec() {
  local spec=$1 about=$ORIGIN/etc/berth-template.json words=''
  if [[ -f $about && ! -L $about ]]; then IFS= read -r -d '' words <"$about" || true; fi
  if [[ $words =~ \"haltSignal\"[[:space:]]*:[[:space:]]*\"(SIG[A-Z0-9]+)\" ]]; then
    spec+="halt_signal ${BASH_REMATCH[1]}"$'\n'
  fi
  if [[ $FRESH ]]; then printf '%s' "$spec" >"$DIR/spec"; else write_file "$DIR/spec" "$spec"; fi
  load_spec
}

# As berth_create, then as berth_start: an order's whole way, without a second look at what was just made.
berth_create_started() {
  ease_migration
  MOUNTS=1 begin_create "$@"
  if [[ ! $FRESH ]]; then
    wait_for_jobs
    save_config
    start_existing
    return
  fi
  FRESH=
  place_nodes
  save_config
  wait_for_jobs
  # All that it is made of is there: to the disk while LXC starts it, rather than while its customer is told.
  trap - EXIT
  flush </dev/null >/dev/null 2>&1 {LOCK_FD}>&- &
  launch
  await_answer || fail command_failed "its init ended at once"
}

# LXC moves processes between cgroups, and the first such move in a while waits for all CPUs (some 15 ms): the kernel's
# lock, cgroup_threadgroup_rwsem, stays easy for writers as long as there are any, and for one grace period of RCU after
# the last, which may be less than 10 ms. So be one, again and again, until LXC has done its moves.
ease_migration() { keep_easy </dev/null >/dev/null 2>&1 & } # before the lock is taken, which it must not hold

keep_easy() {
  local procs=$CGROUP/cgroup.procs turn
  [[ $CGROUP_VERSION == v2 ]] || procs=$CGROUP/pids/cgroup.procs
  for ((turn = 0; turn < 25; turn++)); do
    { echo "$BASHPID" >"$procs"; } 2>/dev/null || return 0
    pause 0.003
  done
}

# berth_start ID FENCE: returns when the first address answers.
berth_start() {
  ease_migration
  begin_mutation "$1" "$2"
  require_container
  load_spec
  start_existing
}

start_existing() {
  refuse_departing
  if settled_running; then
    if payload_frozen; then set_thawed; fi
    # The tenant may have deleted the interface; what is only just dying has lost it as well, and is told apart below.
    [[ -e /sys/class/net/$VETH ]] || replug || true
    if await_answer; then return; fi
    # What we found was a start that died with its worker, or a shutdown: now it is down, and this is an order to start.
    settled_running || true
  fi
  if has_checkpoint; then
    restore_checkpoint
    return
  fi
  clear_leftovers
  refresh_config
  launch
  await_answer || fail command_failed "its init ended at once"
}

launch() {
  local log=$RUN/log/$ID
  printf 'Version: 2.5\n' >"$RUN/beancounters/$ID"
  [[ ! -e $RUN/state/$ID.restored ]] || rm "$RUN/state/$ID.restored"
  if [[ ! $FIREWALL ]]; then
    take_over_network &
    FIREWALL=$!
  fi
  if [[ $MOUNTING ]]; then
    wait "$MOUNTING"
  else
    mount_root
  fi
  wait "$FIREWALL"
  start_quota_broker
  : >"$log"
  : >"$log.hook"
  # Without newuidmap in the path LXC, being root, writes the id maps itself: two processes less.
  PATH=/usr/sbin /usr/bin/lxc-start -P "$CONTAINERS" -n "$ID" -d -l WARN -o "$log" </dev/null >/dev/null 2>&1 {LOCK_FD}>&- || {
    tail -n 8 "$log" "$log.hook" >&2 || true
    unplug
    fail command_failed "LXC did not start it: $(grep -m 1 ERROR "$log" 2>/dev/null)"
  }
}

# What the host calls its disks may be other than at the last start, and these scripts newer.
refresh_config() {
  local before
  before=$(<"$DIR/config")
  write_network
  render_config
  place_nodes
  [[ $CONFIG == "$before"$'\n' ]] || write_file "$DIR/config" "$CONFIG"
}

# True if it runs; waits for the end of what is only just stopping.
settled_running() {
  local turn
  for ((turn = 0; turn < 500; turn++)); do
    monitor_alive || return 1
    if payload_alive; then return 0; fi
    pause
  done
  fail busy "$ID is neither running nor stopped"
}

# The file system as the container's ids see it. Made once and kept over stops; gone after a boot of the host.
mount_root() {
  open_root
  [[ ! $ROOT -ef $DIR/rootfs ]] || return 0
  [[ -d $ROOT ]] || mkdir -p "$ROOT"
  mount --bind -o "X-mount.idmap=0:$ID_BASE:65536" "$DIR/rootfs" "$ROOT" {LOCK_FD}>&-
}

# Processes that outlived their monitor, and cgroups: LXC would make lxc.payload.ID-1 beside them.
clear_leftovers() {
  local leftover
  for leftover in "$CGROUP"/*/lxc.*."$ID" "$CGROUP"/lxc.*."$ID"; do
    if [[ -d $leftover ]]; then
      kill_payload
      remove_cgroups
      return
    fi
  done
}

# False if the container ended. Answers ping; or, where its own firewall drops pings, answers the host's neighbour discovery.
await_answer() {
  local family address prefix deadline=$((SECONDS + 15)) turn
  [[ ! -e $DIR/net.cut ]] || return 0
  ((${#ADDRESSES[@]})) || return 0
  read -r family address prefix <<<"${ADDRESSES[0]}"
  for ((turn = 0; SECONDS < deadline; turn++)); do
    if ping -q -n -c 1 -W 0.05 "$address" >/dev/null 2>&1; then return 0; fi
    monitor_alive || return 1
    if ((turn > 20)) && [[ $(ip neigh show "$address" dev "$VETH") == *lladdr*REACHABLE* ]]; then return 0; fi
  done
  fail timeout "it runs, but $address does not answer"
}

# berth_stop ID FENCE SECONDS: prints stopped or killed.
berth_stop() {
  local result=stopped
  begin_mutation "$1" "$2"
  require_container
  refuse_departing
  if is_running; then
    if payload_frozen; then set_thawed; fi
    timeout "$3" lxc-stop -P "$CONTAINERS" -n "$ID" --nokill -t 86400 </dev/null >&2 || result=killed
    if is_running && [[ $result == stopped ]]; then await_end || result=killed; fi
    [[ $result == stopped ]] || kill_container
  elif has_checkpoint; then
    result=killed
  fi
  unplug
  rm -f "$RUN/state/$ID.restarting" "$RUN/state/$ID.restored"
  drop_checkpoint
  echo "$result"
}

berth_kill() {
  begin_mutation "$1" "$2"
  require_container
  refuse_departing
  kill_container
  unplug
  rm -f "$RUN/state/$ID.restarting" "$RUN/state/$ID.restored"
  drop_checkpoint
}

kill_container() {
  # What is frozen dies when it is thawed, and before it does anything else.
  if payload_frozen; then
    kill_payload
  elif monitor_alive; then
    timeout 20 lxc-stop -P "$CONTAINERS" -n "$ID" -k </dev/null >&2 || true
  fi
  kill_payload
  await_end || fail timeout "$ID does not end though it was killed"
}

await_end() {
  local turn
  for ((turn = 0; turn < 500; turn++)); do
    is_running || return 0
    pause
  done
  return 1
}

# Without LXC's help: its monitor may have been killed, or not know of what we see.
kill_payload() {
  local turn pid file
  for ((turn = 0; turn < 250; turn++)); do
    payload_alive || return 0
    if [[ -e $CGROUP/$PAYLOAD/cgroup.kill ]]; then
      echo 1 >"$CGROUP/$PAYLOAD/cgroup.kill" || true
    else
      while read -r file; do
        while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done <"$file"
      done < <(find "$CGROUP/pids/$PAYLOAD" -name cgroup.procs 2>/dev/null)
    fi
    set_thawed 2>/dev/null || true
    pause
  done
}

# berth_destroy ID FENCE: the fence stays.
berth_destroy() {
  begin_mutation "$1" "$2"
  flush_at_end
  destroy_container
}

destroy_container() {
  if is_running; then kill_container; fi
  unplug
  if [[ $ROOT -ef $DIR/rootfs ]]; then umount "$ROOT" || umount -l "$ROOT"; fi
  [[ ! -d $ROOT ]] || rmdir "$ROOT"
  [[ ! -e $DIR/config ]] || rm "$DIR/config"
  drop_departure
  drop_snapshots
  drop_new_root
  delete_root
  drop_arrival
  [[ ! -d $DIR ]] || rm -rf --one-file-system "$DIR"
  remove_cgroups
  stop_quota_broker
  rm -rf "$RUN/devices/$ID"
  rm -f "$RUN/state/$ID".* "$RUN/log/$ID.dump" "$RUN/log/$ID" "$RUN/log/$ID.hook" "$RUN/log/$ID.terminal" "$RUN/beancounters/$ID"
  rm -rf "$RUN/terminals/$ID"
}

remove_cgroups() {
  local leftover
  for leftover in "$CGROUP"/*/lxc.*."$ID" "$CGROUP"/lxc.*."$ID"; do
    [[ ! -d $leftover ]] || find "$leftover" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}

# berth_inspect ID: state, fence, pid and the spec; nothing where it is absent.
berth_inspect() {
  local alive=''
  use_container "$1"
  [[ -e $DIR/config ]] || return 0
  read_fence "$ID"
  INIT_PID=0
  if monitor_alive; then alive=1; fi
  find_state "$alive"
  case $STATE in running | frozen) init_pid ;; esac
  echo "state $STATE"
  echo "fence $FENCE"
  echo "pid $INIT_PID"
  echo "$(<"$DIR/spec")"
}
