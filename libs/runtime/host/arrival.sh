# The target's end of a migration. Needs all the others.
#
# POOL/arrivals/ID/ has what came so far: `migration`, extras/ (spec, counters, …), rounds/, final/root (and named/root, which then
# counts instead), snapshots/NAME/root, images/ and memory/, and `sealed` as the last: whether it runs, and the boot
# of this host that it came in, since only then what came is known to be whole. With `in-memory` those two are in
# RUN/arrivals/ID instead. DIR/arriving names the migration that DIR is being made of; RUN/state/ID.ready that all but the last
# of it is there; DIR/arrived the one that made it, written at the moment in which the container goes on here, and never taken
# back.
# shellcheck shell=bash disable=SC2153

ARRIVALS=$POOL/arrivals

# Sets PLACE: where images of memory go.
find_memory_place() {
  PLACE=$ARRIVALS/$ID
  [[ ! -e $PLACE/in-memory ]] || PLACE=$RUN/arrivals/$ID
}

drop_arrival() {
  local one
  revoke_key
  rm -rf "$RUN/arrivals/$ID" "$RUN/state/$ID.ready"
  [[ -d $ARRIVALS/$ID ]] || return 0
  rm -f "$ARRIVALS/$ID/migration"
  while read -r one; do btrfs -q subvolume delete "$one" >/dev/null || true; done < <(arrived_subvolumes "$ARRIVALS/$ID")
  rm -rf "$ARRIVALS/$ID"
}

# The roots of subvolumes have the inode 256.
arrived_subvolumes() { find "$1" -mindepth 1 -maxdepth 3 -type d -inum 256 -prune; }

# revoke_key | admit LINE: one line of root's authorized keys for each container that is on its way here.
revoke_key() { admit ''; }
admit() {
  local file=/root/.ssh/authorized_keys line kept='' lines=() lock
  [[ $1 ]] || grep -qs " berth-migration-$ID\$" "$file" || return 0
  exec {lock}>>"$RUN/authorized-keys.lock"
  flock -w 10 "$lock" || fail busy 'another command has been changing the authorized keys for 10 s'
  mkdir -p -m 700 /root/.ssh
  [[ ! -e $file ]] || mapfile -t lines <"$file"
  for line in "${lines[@]}"; do
    [[ $line == *" berth-migration-$ID" ]] || kept+=$line$'\n'
  done
  write_file_private "$file" "$kept$1"
  exec {lock}>&-
}

write_file_private() {
  (umask 077 && printf '%s' "$2" >"$1.berth")
  [[ ! -e $1 ]] || { chmod --reference="$1" "$1.berth" && chown --reference="$1" "$1.berth"; }
  mv -f "$1.berth" "$1"
}

# berth_accept_migration ID FENCE MIGRATION MODE FROM DISK_BYTES MEMORY_BYTES KEY_BYTES MANIFEST_BYTES: prints this host's keys.
berth_accept_migration() {
  local key manifest line free name=''
  GROWS=1 begin_mutation "$1" "$2"
  use_migration "$3"
  read_bytes key "$8"
  read_bytes manifest "$9"
  if [[ -e $DIR/config && ! -e $DIR/arriving ]]; then
    # It left this host before, and its removal is yet to come, or was taken back by a power loss.
    [[ -e $DIR/departure/handed-over ]] || fail conflict "there is a container $ID already"
    destroy_container
  fi
  manifest=$(base64 -d <<<"$manifest")
  while read -r line; do
    case $line in
      'cgroup '*)
        [[ $4 != live || $line == "cgroup $CGROUP_VERSION" ]] ||
          fail host_unsuitable "it has cgroup $CGROUP_VERSION and the source ${line#cgroup }: processes cannot move between them"
        ;;
      'criu '*) [[ $4 != live ]] || require_capability migrate:live ;;
      'feature '*) require_feature "${line#feature }" ;;
      'limit '*) line=${line#limit } && require_limit "${line%% *}" ;;
    esac
  done <<<"$manifest"
  read -r free < <(df -B1 --output=avail "$POOL" | tail -n 1)
  ((free > $6 + $6 / 16 + 67108864)) || fail no_space "it has $free bytes free, and $6 are to come"
  [[ ! -e $ARRIVALS/$ID/migration ]] || read -r name <"$ARRIVALS/$ID/migration"
  [[ $name == "$3" ]] || drop_arrival
  mkdir -p -m 700 "$ARRIVALS"
  # The container's root finds its way from the last images to those of the rounds before.
  mkdir -p -m 711 "$ARRIVALS/$ID"
  write_file "$ARRIVALS/$ID/migration" "$3"$'\n'
  # Rounds, and the last images, which the restore reads beside the memory that it makes of them.
  if (($(awk '/^MemAvailable:/ { print $2 * 1024 }' /proc/meminfo) > 3 * $7 + 268435456)) &&
    (($(df -B1 --output=avail "$RUN" | tail -n 1) > 2 * $7 + 67108864)); then
    mkdir -p -m 711 "$RUN/arrivals" "$RUN/arrivals/$ID"
    : >"$ARRIVALS/$ID/in-memory"
  fi
  admit "restrict,from=\"$5\",command=\"$LIB/hook-arrival $ID $3\" $key berth-migration-$ID"$'\n'
  for line in /etc/ssh/ssh_host_*_key.pub; do
    [[ ! -e $line ]] || { read -r name key _ <"$line" && echo "$name $key"; }
  done
}

# berth_prepare_take_over ID FENCE MIGRATION: all that needs neither the last of the files nor of the memory, while the
# container still runs at the source.
berth_prepare_take_over() {
  begin_mutation "$1" "$2"
  use_migration "$3"
  [[ -e $ARRIVALS/$ID/extras/spec && $(<"$ARRIVALS/$ID/migration") == "$3" ]] ||
    fail not_found "nothing of $ID has come in migration $3"
  [[ ! -e $DIR/arrived ]] || return 0
  is_ready || lay_ground
}

is_ready() { [[ -e $RUN/state/$ID.ready && $(<"$RUN/state/$ID.ready") == "$MIGRATION" ]]; }

# The container without its root; whatever an earlier attempt left is made anew. Its configuration comes last of all.
lay_ground() {
  if is_running; then kill_container; fi
  if [[ -d $DIR ]]; then
    close_root
    delete_root
    rm -rf --one-file-system "$DIR"
  fi
  mkdir -m 700 "$DIR"
  write_file "$DIR/arriving" "$MIGRATION"$'\n'
  cp -a "$ARRIVALS/$ID/extras/." "$DIR/"
  load_spec
  mkdir -p "$ROOT" "$RUN/devices/$ID"
  printf 'Version: 2.5\n' >"$RUN/beancounters/$ID"
  write_network
  write_interfaces
  render_config
  printf '%s' "$CONFIG" >"$DIR/config.ready"
  place_nodes
  clear_leftovers
  (take_over_network)
  write_file "$RUN/state/$ID.ready" "$MIGRATION"$'\n'
}

# The root, of what came last, and with it the container.
complete_ground() {
  local arrival=$ARRIVALS/$ID root counters
  root=$arrival/final/root
  [[ ! -d $arrival/named/root ]] || root=$arrival/named/root
  snapshot_root "$root"
  find_memory_place
  for counters in "$arrival"/extras/counters.[01] "$PLACE"/images/counters.[01]; do
    [[ ! -e $counters ]] || cp "$counters" "$DIR/"
  done
  mv "$DIR/config.ready" "$DIR/config"
}

# berth_take_over ID FENCE MIGRATION: prints the state, and for how many ms its processes have been going on when that is said.
berth_take_over() {
  local arrival name='' running boot resumed='' expecting limiting
  ease_migration
  begin_mutation "$1" "$2"
  use_migration "$3"
  arrival=$ARRIVALS/$ID
  [[ ! -e $DIR/arrived ]] || read -r name <"$DIR/arrived"
  if [[ $name != "$3" ]]; then
    [[ -e $arrival/sealed && $(<"$arrival/migration") == "$3" ]] ||
      fail not_found "$ID has not been handed over in migration $3"
    # Empty, if a power loss came before it was on the disk; and what came before it may be in no better a state. At the source
    # everything is still there.
    read -r running boot <"$arrival/sealed" || true
    [[ ${boot-} == $(<"$RUN/boot-id") ]] || fail not_found "this host has lost its power since $ID came"
    find_memory_place
    if is_ready && [[ ! -e $DIR/rootfs ]]; then
      load_spec
      find_nodes
    else
      lay_ground
    fi
    if [[ -e $PLACE/images ]]; then
      expect_routes &
      expecting=$!
      complete_ground
      mount_root
      apply_disk_limit &
      limiting=$!
      wait "$expecting"
      ARRIVED=$DIR/arrived restore_processes "$PLACE/images" "$DIR/arriving"
      resumed=$RESUMED
      wait "$limiting" || fail command_failed "its disk limit could not be set: it runs without"
    else
      complete_ground
      apply_disk_limit
      settle_arrived
      ((running == 0)) || start_existing
    fi
  fi
  load_spec
  # The files to the disk before the source may drop its own.
  sync -f "$DIR"
  find_state "$(monitor_alive && echo 1 || true)"
  if [[ -e $arrival/sealed ]]; then
    read -r running boot <"$arrival/sealed" || running=0
    if ((running)) && [[ $STATE == stopped ]]; then start_existing && STATE=running; fi
    drop_arrived "$arrival"
  fi
  echo "state $STATE"
  [[ -z $resumed ]] || echo "resumed $((${EPOCHREALTIME/./} / 1000 - resumed / 1000))"
}

# It is here: of the two marks the one goes into the other's place.
settle_arrived() { mv -f "$DIR/arriving" "$DIR/arrived"; }

# What came with it and is of use no more; snapshots become the container's.
drop_arrived() {
  local one
  for one in "$1"/snapshots/*/root; do
    [[ -d $one ]] || continue
    one=${one%/root}
    # The directory around it: what is read-only can't have another parent.
    cp -a "$DIR/snapshots/${one##*/}/." "$one/"
    rm -rf "$DIR/snapshots/${one##*/}"
    mv -T "$one" "$DIR/snapshots/${one##*/}"
  done
  charge_arrived "$1"
  rm -f "$1/sealed"
  drop_arrival
}

# What came is charged to those subvolumes that brought it: they are to count towards the server's limit.
charge_arrived() {
  local one
  simple_quota || return 0
  while read -r one; do
    btrfs qgroup assign --no-rescan "0/$(btrfs inspect-internal rootid "$one")" "1/${ID#ct}" "$POOL" 2>/dev/null || true
  done < <(arrived_subvolumes "$1" && find "$DIR/snapshots" -mindepth 2 -maxdepth 2 -name root -type d 2>/dev/null)
}

# berth_reject_migration ID FENCE MIGRATION: prints removed or taken_over.
berth_reject_migration() {
  local name=''
  begin_mutation "$1" "$2"
  use_migration "$3"
  [[ ! -e $DIR/arrived ]] || read -r name <"$DIR/arrived"
  if [[ $name == "$3" ]]; then
    echo taken_over
    return
  fi
  flush_at_end
  if [[ -e $DIR/arriving ]]; then
    destroy_container
  elif [[ -e $ARRIVALS/$ID/migration && $(<"$ARRIVALS/$ID/migration") == "$3" ]]; then
    drop_arrival
  fi
  echo removed
}

# berth_close_migration ID FENCE MIGRATION
berth_close_migration() {
  begin_mutation "$1" "$2"
  use_migration "$3"
  flush_at_end
  drop_arrival
}
