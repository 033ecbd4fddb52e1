# Freezing, and checkpoints by CRIU: a container's processes as images on the disk. Needs all the others.
#
# DIR/checkpoint/images are CRIU's; DIR/checkpoint/done says that they are whole and the processes are gone. It goes at
# the moment in which they go on (hook-criu). docs/architecture/migration.md.
# shellcheck shell=bash disable=SC2153

berth_freeze() {
  begin_mutation "$1" "$2"
  require_container
  is_running || not_running
  set_frozen
}

berth_unfreeze() {
  begin_mutation "$1" "$2"
  require_container
  refuse_departing
  is_running || not_running
  set_thawed
}

not_running() {
  if has_checkpoint; then fail not_running "$ID is a checkpoint: restore it first"; fi
  fail not_running "$ID is stopped"
}

set_frozen() {
  local turn
  if [[ $CGROUP_VERSION == v2 ]]; then
    echo 1 >"$CGROUP/$PAYLOAD/cgroup.freeze"
  else
    echo FROZEN >"$CGROUP/freezer/$PAYLOAD/freezer.state"
  fi
  for ((turn = 0; turn < 5000; turn++)); do
    if payload_frozen; then return; fi
    ((turn < 10)) || pause 0.002
    [[ $CGROUP_VERSION == v2 ]] || echo FROZEN >"$CGROUP/freezer/$PAYLOAD/freezer.state"
  done
  set_thawed
  fail busy "a process of $ID cannot be stopped just now"
}

set_thawed() {
  if [[ $CGROUP_VERSION == v2 ]]; then
    [[ ! -e $CGROUP/$PAYLOAD/cgroup.freeze ]] || echo 0 >"$CGROUP/$PAYLOAD/cgroup.freeze"
  else
    [[ ! -e $CGROUP/freezer/$PAYLOAD/freezer.state ]] || echo THAWED >"$CGROUP/freezer/$PAYLOAD/freezer.state"
  fi
}

has_checkpoint() { [[ -e $DIR/checkpoint/done ]]; }

drop_checkpoint() {
  [[ ! -e $DIR/checkpoint ]] || { rm -f "$DIR/checkpoint/done" && rm -rf "$DIR/checkpoint"; }
}

berth_checkpoint() {
  GROWS=1 begin_change "$1" "$2"
  refuse_departing
  require_capability checkpoint
  if ! is_running; then
    if has_checkpoint; then return; fi
    not_running
  fi
  drop_checkpoint
  mkdir -p "$DIR/checkpoint/images"
  end_terminals
  dump_processes "$DIR/checkpoint/images"
  await_end || fail timeout "LXC does not see that the processes of $ID are gone"
  unplug
  # Files and images to the disk before it is said that they are there.
  sync -f "$DIR"
  : >"$DIR/checkpoint/done"
  sync "$DIR/checkpoint/done" "$DIR/checkpoint"
}

berth_restore() {
  ease_migration
  begin_change "$1" "$2"
  refuse_departing
  if is_running; then return; fi
  has_checkpoint || fail not_running "$ID is stopped: it has no checkpoint"
  restore_checkpoint
}

restore_checkpoint() {
  restore_images "$DIR/checkpoint/images" "$DIR/checkpoint/done"
  drop_checkpoint
}

# dump_processes IMAGES [MORE…]: without more options of CRIU's the processes end. If it fails they run on, and so does the network.
dump_processes() {
  local images=$1 log=$RUN/log/$ID.dump
  settle_localtime
  run_criu dump "$images" --tcp-established --file-locks --link-remap --ext-mount-map auto --enable-external-sharing \
    --enable-external-masters --enable-fs hugetlbfs --enable-fs tracefs --skip-in-flight --network-lock skip --force-irmap \
    --ghost-limit 67108864 "${@:2}" || {
    criu_errors "$log" >&2
    rm -rf "$images"
    fail checkpoint_failed "its processes cannot be written down, and run on: $(criu_errors "$log" | head -n 1)"
  }
}

# run_criu dump|pre-dump IMAGES OPTIONS…
run_criu() {
  local line rest place
  local -a options
  init_pid
  ((INIT_PID)) || fail busy "$ID is starting or stopping just now"
  add_cgroup_roots
  options=(--manage-cgroups=full --freeze-cgroup "$FREEZER" "${CGROUP_ROOTS[@]}")
  while read -r line; do
    [[ $1 == dump && $line == 'lxc.mount.entry = '* && $line == *' none bind'* ]] || continue
    read -r _ _ _ place rest <<<"$line"
    options+=(--ext-mount-map "/$place:$place")
  done <"$DIR/config"
  [[ $1 != dump ]] || options+=(--action-script "$LIB/hook-criu")
  CT=$ID COPY_TO=${COPY_TO-} HOLD=${HOLD-} criu "$1" -t "$INIT_PID" -D "$2" -o "$RUN/log/$ID.dump" -v2 "${options[@]}" "${@:3}" \
    </dev/null >/dev/null 2>&1 {LOCK_FD}>&-
}

# What CRIU's log says went wrong, but for what it says each time: where it may not raise its own limits, finds addresses
# of the loopback there already, and looks for firewall tools that hosts have not.
criu_errors() {
  grep -hsE 'Error|ERROR' "$@" | grep -Ev 'RLIMIT_NOFILE|ddress already assigned|ip6?tables' | sed -E 's/^\([0-9.]*\) *//; s/^lxc-checkpoint .* ERROR +[a-z_]+ - [^ ]+ - //' | head -n 8 || true
}

# find_groups IMAGES: sets UNIFIED, the hierarchy of cgroup2, and LIST, where a dump keeps what CRIU forgets of it.
find_groups() {
  UNIFIED=$CGROUP/unified
  [[ -e $UNIFIED/cgroup.procs ]] || UNIFIED=$CGROUP
  LIST=$1/berth-cgroups
}

# Empty groups that systemd watches, modes, owners and enabled controllers: CRIU forgets them.
save_groups() {
  (cd "$UNIFIED/$PAYLOAD" && find . \( -type d -o ! -uid 0 -o ! -gid 0 \) -printf '%y\t%m %U:%G\t%p\n') >"$LIST"
  [[ $CGROUP_VERSION != v2 ]] ||
    (cd "$UNIFIED/$PAYLOAD" && find . -name cgroup.subtree_control -exec grep -H . {} + |
      sed 's|/cgroup.subtree_control:|\t|') >"$LIST.controllers" || true
}

# Sets FREEZER and CGROUP_ROOTS: where CRIU finds the container's groups, and which paths of theirs it sees as roots.
add_cgroup_roots() {
  local line controllers
  CGROUP_ROOTS=()
  if [[ $CGROUP_VERSION == v2 ]]; then
    FREEZER=$CGROUP/$PAYLOAD
    CGROUP_ROOTS=(--cgroup-root ":/$PAYLOAD")
    return
  fi
  FREEZER=$CGROUP/freezer/$PAYLOAD
  while read -r line; do
    controllers=${line#*:}
    CGROUP_ROOTS+=(--cgroup-root "${controllers%%:*}:/$PAYLOAD")
  done <"/proc/$INIT_PID/cgroup"
}

# systemd watches this link itself, and on btrfs CRIU finds such a watch again only if it is a file. Users may have set
# the time zone since the last time.
settle_localtime() {
  [[ -L $DIR/rootfs/etc/localtime ]] && ! payload_frozen || return 0
  # shellcheck disable=SC2016
  attach sh -c 'cp -L /etc/localtime /etc/localtime.berth && mv -f /etc/localtime.berth /etc/localtime' </dev/null || true
}

# restore_images IMAGES DONE|keep: the processes go on; the file DONE goes before the first of them does.
restore_images() {
  clear_leftovers
  # Gone with the host's last boot, and mounted inside.
  [[ -e $RUN/beancounters/$ID ]] || printf 'Version: 2.5\n' >"$RUN/beancounters/$ID"
  refresh_config
  (take_over_network) &
  mount_root
  wait "$!"
  restore_processes "$1" "$2"
}

# The last of it, with all else in place.
restore_processes() {
  local log=$RUN/log/$ID images=$1
  chown -R "$ID_BASE:$ID_BASE" "$images"
  # Rounds of memory that these images refer to.
  [[ ! -L $images/parent ]] || chown -R "$ID_BASE:$ID_BASE" "$images/../memory"
  chmod 755 "$images"
  : >"$log"
  : >"$log.hook"
  rm -f "$RUN/state/$ID.resumed"
  (
    close_descriptors
    cd /
    [[ $CGROUP_VERSION != v2 ]] || PATH=$LIB:$PATH # to find our criu first
    CT=$ID DONE=$2 ARRIVED=${ARRIVED-} exec lxc-checkpoint -P "$CONTAINERS" -n "$ID" -r -A "$LIB/hook-criu" -D "$images" \
      -l WARN -o "$log" </dev/null >/dev/null 2>&1
  ) || restore_failed
  finish_restore || restore_failed
}

# All but the standard ones: what LXC's monitor inherits it keeps.
close_descriptors() {
  local descriptor
  for descriptor in /proc/self/fd/*; do
    descriptor=${descriptor##*/}
    ((descriptor <= 2)) || eval "exec $descriptor>&-" 2>/dev/null || true
  done
}

# What the action script could not know yet: the monitor. And limits, which CRIU brings back as they were.
finish_restore() {
  local pid monitor stat
  read -r pid _ <"$RUN/state/$ID.pid" || return 1
  stat=$(<"/proc/$pid/stat") || return 1
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  echo "$pid $2 ${20}" >"$RUN/state/$ID.pid"
  : >"$RUN/state/$ID.restored"
  set_thawed
  # When they went on, in microseconds.
  read -r RESUMED <"$RUN/state/$ID.resumed" || RESUMED=${EPOCHREALTIME/./}
  apply_live_limits || fail command_failed "the kernel refused $REFUSED after the restore"
  [[ ! -e $RUN/devices/$ID ]] || place_nodes
}

restore_failed() {
  local why
  why=$(criu_errors "$images/restore.log" "$RUN/log/$ID")
  tail -n 5 "$RUN/log/$ID.hook" >&2 || true
  echo "$why" >&2
  if is_running; then kill_container; fi
  unplug
  clear_leftovers
  fail restore_failed "its processes cannot be brought back: ${why%%$'\n'*}"
}

# Files and processes of one moment: they stand still from the dump until the files are copied too.
snapshot_processes() {
  local was_frozen=
  mkdir -p "$SNAPSHOT/images"
  if payload_frozen; then was_frozen=1; fi
  init_pid
  settle_localtime
  end_terminals
  set_frozen
  (COPY_TO=$SNAPSHOT dump_processes "$SNAPSHOT/images" --leave-running) || {
    local status=$?
    plug_back "$INIT_PID"
    [[ $was_frozen ]] || set_thawed
    drop_snapshot "$SNAPSHOT"
    exit "$status"
  }
  [[ $was_frozen ]] || set_thawed
  allow_terminals
  IMAGES_BYTES=$(du -sb "$SNAPSHOT/images")
  IMAGES_BYTES=${IMAGES_BYTES%%[!0-9]*}
}
