# The source's end of a migration up to its hand-over (hand-over.sh) and after it, and what both ends share. Needs all the others.
#
# Source: DIR/departure/ has `migration` (its id, mode, whether the container ran), sN (the disk as sent in round N), final/,
# and `handed-over` once it may be running elsewhere. RUN/migrations/ID/ has what only this boot needs: the key, the
# connection's socket, images of the memory. Target: arrival.sh. docs/architecture/migration.md.
# shellcheck shell=bash disable=SC2153

# Handed over, a container may be running elsewhere: only the end of its migration may bring it back here.
refuse_departing() {
  [[ ! -e $DIR/arriving ]] || fail in_migration "$ID is only arriving here"
  [[ ! -e $DIR/departure/handed-over ]] || fail in_migration "$ID was handed over in a migration that has not ended"
}

use_migration() {
  [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,63}$ ]] || fail invalid_input "migration $1"
  MIGRATION=$1
  DEPARTURE=$DIR/departure
  CHANNEL=$RUN/migrations/$ID
}

# begin_departure ID FENCE MIGRATION: of one that was opened here.
begin_departure() {
  local name
  begin_change "$1" "$2"
  use_migration "$3"
  read -r name MODE RAN 2>/dev/null <"$DEPARTURE/migration" || name=
  [[ $name == "$3" ]] || fail not_found "migration $3 of $ID has not been opened here"
}

# berth_open_migration ID FENCE MIGRATION MODE
berth_open_migration() {
  local name='' ran=0
  begin_change "$1" "$2"
  use_migration "$3"
  [[ ! -e $DEPARTURE/migration ]] || read -r name _ <"$DEPARTURE/migration"
  if [[ $name != "$3" ]]; then
    refuse_departing
    drop_departure
    find_state "$(monitor_alive && echo 1 || true)"
    case $STATE in running | frozen) ran=1 ;; esac
    if [[ $4 == live && $ran == 1 ]]; then require_capability migrate:live; else require_capability migrate:offline; fi
    [[ ! -e $DIR/image ]] || fail_lacking migrate:offline "$ID keeps its disk in an image, which cannot be sent yet"
    mkdir -p "$DEPARTURE" "$CHANNEL"
    chmod 700 "$RUN/migrations" "$CHANNEL"
    write_file "$DEPARTURE/migration" "$3 $4 $ran"$'\n'
  fi
  mkdir -p "$CHANNEL"
  [[ -e $CHANNEL/key.pub ]] || ssh-keygen -q -t ed25519 -N '' -C "berth-migration-$ID" -f "$CHANNEL/key" </dev/null >&2
  read -r name ran _ <"$CHANNEL/key.pub"
  echo "key $name $ran"
  find_disk_use
  echo "disk $(($(du_bytes) + 0))"
  echo "memory $(memory_bytes)"
  echo "manifest $({ echo "cgroup $CGROUP_VERSION" && echo "criu $(criu_version)" && cat "$DIR/spec"; } | base64 -w 0)"
}

du_bytes() {
  local total
  read -r total _ < <(btrfs filesystem du -s --raw "$DIR" 2>/dev/null | tail -n 1) || total=0
  echo "${total:-0}"
}

memory_bytes() {
  local value=0
  if [[ $CGROUP_VERSION == v2 ]]; then
    [[ ! -e $CGROUP/$PAYLOAD/memory.stat ]] || find_field value "$(<"$CGROUP/$PAYLOAD/memory.stat")" anon
  elif [[ -e $CGROUP/memory/$PAYLOAD/memory.stat ]]; then
    find_field value "$(<"$CGROUP/memory/$PAYLOAD/memory.stat")" total_rss
  fi
  echo "${value:-0}"
}

criu_version() {
  local version
  version=$(criu --version 2>/dev/null) || version='Version: 0'
  version=${version%%$'\n'*}
  echo "${version##* }"
}

# berth_connect_migration ID FENCE MIGRATION ADDRESS PORT USER KEY_BYTES: the target's host keys on stdin.
berth_connect_migration() {
  local keys line known='' name=$4
  begin_departure "$1" "$2" "$3"
  read_bytes keys "$7"
  [[ $5 == 22 ]] || name="[$4]:$5"
  while read -r line; do [[ ! $line ]] || known+="$name $line"$'\n'; done <<<"$keys"
  mkdir -p "$CHANNEL"
  write_file "$CHANNEL/known_hosts" "$known"
  write_file "$CHANNEL/peer" "$4 $5 $6"$'\n'
  close_channel
  open_channel
  peer ping >/dev/null </dev/null || peer_failed ping "$4 does not let this migration in"
}

# One connection for all that follows, so that nothing waits for a handshake while the container stands still. It ends by
# itself after ten minutes without use.
open_channel() {
  local address port user
  [[ -e $CHANNEL/peer ]] || fail not_found "migration $MIGRATION has not been connected since the host's boot"
  read -r address port user <"$CHANNEL/peer"
  PEER=$address
  SSH=(ssh -q -F none -T -i "$CHANNEL/key" -p "$port" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes
    -o "UserKnownHostsFile=$CHANNEL/known_hosts" -o ConnectTimeout=10 -o ServerAliveInterval=1 -o ServerAliveCountMax=6
    -o "ControlPath=$CHANNEL/socket" -o Ciphers=aes128-gcm@openssh.com,chacha20-poly1305@openssh.com "$user@$address")
  "${SSH[@]:0:1}" -O check "${SSH[@]:1}" </dev/null 2>/dev/null ||
    setsid "${SSH[@]:0:1}" -o ControlMaster=yes -o ControlPersist=600 "${SSH[@]:1}" ping </dev/null >/dev/null 2>&1 {LOCK_FD}>&- ||
    fail peer_unreachable "$address does not answer, or does not let this migration in"
}

close_channel() {
  [[ ! -S $CHANNEL/socket ]] || ssh -F none -o "ControlPath=$CHANNEL/socket" -O exit peer </dev/null >/dev/null 2>&1 || true
}

# peer WORDS…: one of the commands of hook-arrival, on the target. What it says goes to a file, for peer_failed.
peer() { "${SSH[@]}" "$*" {LOCK_FD}>&- 2>"$CHANNEL/said.$1"; }

# peer_failed COMMAND WORDS: with the target's own words for it, where it had any.
peer_failed() {
  local said=''
  [[ ! -e $CHANNEL/said.$1 ]] || said=$(<"$CHANNEL/said.$1")
  if [[ $said =~ berth-error:\ ([a-z_]+)\ ([^$'\n']*) ]]; then fail "${BASH_REMATCH[1]}" "$PEER: ${BASH_REMATCH[2]}"; fi
  [[ $said != *'No space left'* ]] || fail no_space "$PEER: its pool is full"
  [[ -z $said ]] || echo "$said" >&2
  fail peer_unreachable "${*:2}"
}

# pump BYTES_PER_SECOND COUNT_FILE: passes stdin on, counts it, holds it to the rate (0: none), tells of it.
pump() {
  perl -e '
    # Hundredths of seconds; perl-base has no clock finer than a second.
    sub now { open(my $in, "<", "/proc/uptime"); return (split / /, <$in>)[0]; }
    my ($rate, $file) = @ARGV; my ($sent, $told, $begin) = (0, now(), now());
    $| = 1; my $buffer;
    my $block = $rate && $rate < 1310720 ? int($rate / 20) + 1 : 65536;
    while (my $got = sysread(STDIN, $buffer, $block)) {
      my $at = 0;
      while ($at < $got) { my $n = syswrite(STDOUT, $buffer, $got - $at, $at); exit 1 unless defined $n; $at += $n; }
      $sent += $got;
      if ($rate) { my $ahead = $sent / $rate - (now() - $begin); select(undef, undef, undef, $ahead) if $ahead > 0; }
      if (now() - $told > 0.5) { $told = now(); print STDERR "berth-progress: $sent\n"; }
    }
    open(my $out, ">", $file) or exit 1; print $out $sent; close $out;
  ' "$1" "$2"
}

# send_subvolume SUBVOLUME PARENT|- RATE WHERE…: sets SENT.
send_subvolume() {
  local -a parent=()
  [[ $2 == - ]] || parent=(-p "$2")
  { btrfs send -q "${parent[@]}" "$1" {LOCK_FD}>&- | pump "$3" "$CHANNEL/sent.$$" | peer disk "${@:4}"; } ||
    peer_failed disk "the disk did not arrive at $PEER: the connection was lost"
  SENT=$(<"$CHANNEL/sent.$$")
  rm -f "$CHANNEL/sent.$$"
}

# berth_send_disk ID FENCE MIGRATION RATE
berth_send_disk() {
  local round=0 total=0
  begin_departure "$1" "$2" "$3"
  refuse_departing
  open_channel
  [[ ! -e $DEPARTURE/round ]] || read -r round <"$DEPARTURE/round"
  if ((round == 0)); then send_first "$4"; fi
  total=${TOTAL_SENT:-0}
  drop_round $((round + 1))
  btrfs -q subvolume snapshot -r "$DIR/rootfs" "$DEPARTURE/s$((round + 1))" >/dev/null
  find_parent "$round"
  send_subvolume "$DEPARTURE/s$((round + 1))" "$PARENT" "$4" round "$((round + 1))"
  write_file "$DEPARTURE/round" $((round + 1))$'\n'
  drop_round "$round"
  echo "round $((round + 1))"
  echo "bytes $((total + SENT))"
}

# Sets PARENT to what the target has already: the round before, or the last snapshot, or the template.
find_parent() {
  local one
  if (($1 > 0)); then
    PARENT=$DEPARTURE/s$1
    return
  fi
  find_common_template
  for one in "$DIR"/snapshots/*/about; do
    [[ ! -e $one ]] || PARENT=${one%/about}/root
  done
}

# Sets PARENT to the server's template where both hosts have it, marked as the same (mark_template): its files need not go.
find_common_template() {
  local template=$TEMPLATES/$TEMPLATE said
  PARENT=-
  is_marked "$template" || return 0
  said=$(peer template "$TEMPLATE" </dev/null) || peer_failed template "$PEER does not answer any more"
  [[ $said != marked ]] || PARENT=$template
}

# What does not change any more: the description and all that is neither disk nor memory of now; snapshots.
send_first() {
  tar_extras | peer extras || peer_failed extras "$PEER did not take the configuration"
  send_snapshots "$1"
}

# Each by what it differs from the one before.
send_snapshots() {
  local about last
  find_common_template
  last=$PARENT
  TOTAL_SENT=0
  for about in "$DIR"/snapshots/*/about; do
    [[ -e $about ]] || continue
    about=${about%/about}
    send_subvolume "$about/root" "$last" "$1" snapshot "${about##*/}"
    last=$about/root
    TOTAL_SENT=$((TOTAL_SENT + SENT))
  done
}

drop_round() {
  [[ ! -d $DEPARTURE/s$1 ]] || btrfs -q subvolume delete "$DEPARTURE/s$1" >/dev/null
}

# berth_send_memory ID FENCE MIGRATION RATE: what has changed since the round before; stays here too, since the next round
# is told by what this one has.
berth_send_memory() {
  local round=0 dir
  begin_departure "$1" "$2" "$3"
  refuse_departing
  require_capability migrate:memory_precopy
  is_running || not_running
  # Both rounds and the last images are kept in memory.
  (($(awk '/^MemAvailable:/ { print $2 * 1024 }' /proc/meminfo) > 3 * $(memory_bytes) + 268435456)) ||
    fail unsupported 'this host has not enough memory left to keep copies'
  open_channel
  [[ ! -e $CHANNEL/memory/round ]] || read -r round <"$CHANNEL/memory/round"
  dir=$CHANNEL/memory/$((round + 1))
  rm -rf "$dir"
  mkdir -p "$dir"
  find_memory_parent "../$round" "$round"
  run_criu pre-dump "$dir" --track-mem "${MEMORY_PARENT[@]}" || {
    criu_errors "$RUN/log/$ID.dump" >&2
    rm -rf "$dir"
    fail checkpoint_failed "its memory cannot be written down: $(criu_errors "$RUN/log/$ID.dump" | head -n 1)"
  }
  { tar -C "$dir" -cf - . {LOCK_FD}>&- | pump "$4" "$CHANNEL/sent.memory" | peer memory "$((round + 1))"; } ||
    peer_failed memory "the memory did not arrive at $PEER: the connection was lost"
  write_file "$CHANNEL/memory/round" $((round + 1))$'\n'
  echo "round $((round + 1))"
  echo "bytes $(<"$CHANNEL/sent.memory")"
}

# find_memory_parent LINK ROUND: sets MEMORY_PARENT to CRIU's options.
find_memory_parent() {
  MEMORY_PARENT=()
  (($2 == 0)) || MEMORY_PARENT=(--prev-images-dir "$1")
}

# What is neither disk nor images of now.
tar_extras() {
  (
    cd "$DIR"
    shopt -s nullglob
    tar -cf - spec counters.[01] snapshots/*/about snapshots/*/images checkpoint {LOCK_FD}>&- 2>/dev/null || true
  )
}

# As they are at the end.
tar_counters() {
  (begin_count && count_container >/dev/null) || true
  (cd "$DIR" && shopt -s nullglob && tar -cf - counters.[01] {LOCK_FD}>&-)
}

drop_final() {
  local one
  for one in "$DEPARTURE/final/root" "$DEPARTURE/final/named/root"; do
    [[ ! -d $one ]] || btrfs -q subvolume delete "$one" >/dev/null
  done
  rm -rf "$DEPARTURE/final" "$DEPARTURE/images"
}

# All of a departure, but what the container itself is.
drop_departure() {
  local one
  DEPARTURE=$DIR/departure CHANNEL=$RUN/migrations/$ID
  close_channel
  [[ ! -d $DEPARTURE ]] || drop_final
  for one in "$DEPARTURE"/s[0-9]*; do
    [[ ! -d $one ]] || btrfs -q subvolume delete "$one" >/dev/null
  done
  rm -rf "$DEPARTURE" "$CHANNEL"
}

# berth_resume_source ID FENCE MIGRATION: prints the state.
berth_resume_source() {
  local name='' ran=0
  begin_change "$1" "$2"
  use_migration "$3"
  [[ ! -e $DEPARTURE/migration ]] || read -r name _ ran <"$DEPARTURE/migration"
  if [[ $name == "$3" ]]; then
    rm -f "$DEPARTURE/handed-over"
    if is_running; then
      init_pid
      plug_back "$INIT_PID"
      set_thawed
    elif ((ran)); then
      start_existing
    fi
    drop_departure
  fi
  find_state "$(monitor_alive && echo 1 || true)"
  echo "$STATE"
}

# berth_drop_source ID FENCE MIGRATION ADDRESS: what still comes for its addresses is passed on to ADDRESS for a while.
berth_drop_source() {
  local line batch='' undo=''
  [[ -e $CONTAINERS/$1/config ]] || { begin_mutation "$1" "$2" && return; }
  begin_departure "$1" "$2" "$3"
  [[ -e $DEPARTURE/handed-over ]] || fail conflict "$ID has not been handed over: it would be lost"
  while read -r line; do
    [[ $line == 'route replace '* ]] || continue
    line=${line#route replace } line=${line%% dev *}
    [[ $line == *:* && $4 != *:* || $line != *:* && $4 == *:* ]] || batch+="route replace $line via $4"$'\n' undo+="route delete $line via $4"$'\n'
  done <"$DIR/net.host"
  flush_at_end
  destroy_container
  [[ $batch ]] || return 0
  ip -force -batch - <<<"$batch" 2>/dev/null || true
  # shellcheck disable=SC2016
  setsid bash -c 'sleep 20; ip -force -batch - <<<"$1"' bash "$undo" </dev/null >/dev/null 2>&1 {LOCK_FD}>&- &
}
