# Shared by all host scripts of Berth's lxc driver. Sourced by bash under `set -euo pipefail`, never run by itself.
# Layout: README.md of libs/runtime. BERTH_ROOT is for the tests of what these scripts write, without a host.
# shellcheck shell=bash disable=SC2034
LC_ALL=C
LIB=${LIB-}
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
BERTH_ROOT=${BERTH_ROOT-}
POOL=$BERTH_ROOT/var/lib/berth
CONTAINERS=$POOL/containers
TEMPLATES=$POOL/templates
FENCES=$POOL/fences
RUN=$BERTH_ROOT/run/berth
# Written when these scripts have prepared the host in this boot; a newer version of them does so again. Holds what the
# host can do, a capability a line.
PREPARED=$RUN/prepared.${LIB##*/}
CGROUP=$BERTH_ROOT/sys/fs/cgroup
LOCK_WAIT_S=30
EXIT_REPORTED=70
EXIT_NOT_PREPARED=78

# fail CODE WORDS: the driver turns it into a RuntimeError of that code.
fail() {
  echo "berth-error: $1 ${*:2}" >&2
  exit "$EXIT_REPORTED"
}

# fail_lacking CAPABILITY WORDS
fail_lacking() {
  echo "berth-detail: capability $1" >&2
  fail unsupported "${*:2}"
}

# has_capability NAME: as found when the host was prepared.
has_capability() {
  local names
  [[ -e $PREPARED ]] || exit "$EXIT_NOT_PREPARED"
  mapfile -t names <"$PREPARED"
  [[ " ${names[*]} " == *" $1 "* ]]
}

# No command substitutions on the way to a start: each is a process.
if [[ -e $CGROUP/cgroup.controllers ]]; then CGROUP_VERSION=v2; else CGROUP_VERSION=v1; fi

# Sets ID, DIR and the names that follow from them.
use_container() {
  [[ $1 =~ ^ct[1-9][0-9]{0,9}$ ]] || fail invalid_input "container id $1"
  ID=$1
  DIR=$CONTAINERS/$ID
  VETH=v-$ID
  IFB=i-$ID
  PAYLOAD=lxc.payload.$ID
  # Beside the container: DIR is closed to all but root, since its files belong to the ids 0–65535 of the host.
  ROOT=$RUN/roots/$ID
}

# begin_mutation ID FENCE: takes the container's lock, then refuses an old fence and remembers a new one. The kernel
# frees the lock when this script ends, however it ends; daemons must not inherit it (run them with $NO_LOCK).
begin_mutation() {
  use_container "$1"
  [[ $2 =~ ^[0-9]{1,16}$ ]] || fail invalid_input "fence $2"
  [[ -e $PREPARED ]] || exit "$EXIT_NOT_PREPARED"
  exec {LOCK_FD}>>"$RUN/locks/$ID"
  flock -w "$LOCK_WAIT_S" "$LOCK_FD" || fail busy "another command has held the lock of $ID for $LOCK_WAIT_S s"
  read_fence "$ID"
  ((FENCE <= $2)) || fail fenced "fence $2 is older than $FENCE: a newer worker has taken over"
  ((FENCE == $2)) || remember_fence "$2"
}

# A line is appended, so that there is no moment without a fence; prepare shortens the file.
remember_fence() {
  { echo "$1" >>"$FENCES/$ID"; } 2>/dev/null && return
  # What makes room needs some first.
  if [[ ! ${GROWS-} && -e $RESERVE ]]; then
    rm -f "$RESERVE"
    sync -f "$POOL"
    { echo "$1" >>"$FENCES/$ID"; } 2>/dev/null && return
  fi
  fail no_space "its pool is full"
}

# Some room of the pool that nothing is written to, for when there is no other. Calls that would only fill the pool again
# (GROWS) don't get it.
RESERVE=$POOL/.reserve
keep_reserve() { [[ -e $RESERVE ]] || fallocate -l 16777216 "$RESERVE" 2>/dev/null || rm -f "$RESERVE"; }

# Sets FENCE to the last whole number in the container's file, 0 where there is none.
read_fence() {
  local lines=() at
  FENCE=0
  if [[ -e $FENCES/$1 ]]; then mapfile -t lines <"$FENCES/$1"; fi
  for ((at = ${#lines[@]} - 1; at >= 0; at--)); do
    if [[ ${lines[at]} =~ ^[0-9]{1,16}$ ]]; then
      FENCE=${lines[at]}
      return
    fi
  done
}

require_container() {
  [[ -e $DIR/config ]] || fail not_found "there is no container $ID"
}

# Reads N bytes of stdin into the variable named first.
read_bytes() {
  printf -v "$1" ''
  (($2 == 0)) || IFS= read -r -N "$2" "$1" || fail command_failed "the input ended early"
}

# write_file PATH TEXT: whole or not at all, also when the power fails.
write_file() {
  printf '%s' "$2" >"$1.new"
  mv -f "$1.new" "$1"
}

# Has the pool written to disk when this script has ended, behind its caller's back: what it did is known elsewhere as done,
# and must not be what a power loss takes back. Btrfs would do so within 30 s.
flush_at_end() { trap 'flush </dev/null >/dev/null 2>&1 {LOCK_FD}>&- &' EXIT; }
flush() {
  trap '' HUP
  keep_reserve
  exec setsid sync -f "$POOL"
}

# Makes that pipe, in the place of whatever is there: a script that was under way when its host lost /run may have opened it
# before it was made anew, which leaves a file, and reading a file does not wait.
make_silence() {
  [[ ! -p $RUN/silence ]] || return 0
  local made
  mkdir -p "$RUN"
  made=$(mktemp -u "$RUN/silence.XXXXXX")
  mkfifo -m 600 "$made"
  mv -fT "$made" "$RUN/silence"
}

# pause [SECONDS]: waits 20 ms, or so long, without a process: on a pipe that never says anything.
pause() {
  if [[ ! ${TICK_FD-} ]]; then
    make_silence
    exec {TICK_FD}<>"$RUN/silence"
  fi
  read -r -t "${1:-0.02}" -u "$TICK_FD" || true
}

# True while LXC's monitor holds its command socket: from the start to the end, reboots from inside included.
monitor_alive() {
  local sockets
  mapfile -t sockets </proc/net/unix
  [[ "${sockets[*]} " == *" @$CONTAINERS/$ID/command "* ]]
}

# True while a process runs in the container.
payload_alive() {
  local key value
  if [[ -e $CGROUP/pids/$PAYLOAD/pids.current ]]; then
    { read -r value <"$CGROUP/pids/$PAYLOAD/pids.current"; } 2>/dev/null && ((value > 0))
    return
  fi
  [[ -e $CGROUP/$PAYLOAD/cgroup.events ]] || return 1
  while read -r key value; do
    [[ $key != populated ]] || { ((value == 1)) && return 0 || return 1; }
  done <"$CGROUP/$PAYLOAD/cgroup.events"
  return 1
}

payload_frozen() {
  local key value
  if [[ -e $CGROUP/freezer/$PAYLOAD/freezer.state ]]; then
    { read -r value <"$CGROUP/freezer/$PAYLOAD/freezer.state"; } 2>/dev/null && [[ $value == FROZEN ]]
    return
  fi
  [[ -e $CGROUP/$PAYLOAD/cgroup.events ]] || return 1
  while read -r key value; do
    [[ $key != frozen ]] || { ((value == 1)) && return 0 || return 1; }
  done <"$CGROUP/$PAYLOAD/cgroup.events"
  return 1
}

# Sets STATE. An argument says that LXC's monitor is known to run.
find_state() {
  STATE=stopped
  if [[ ${1-} ]] || payload_alive; then
    STATE=running
    if payload_frozen; then STATE=frozen; fi
  elif restarting; then
    STATE=running
  elif [[ -e $DIR/checkpoint/done ]]; then
    STATE=checkpointed
  fi
}

# Between two runs of a restored container that reboots: hook-restart is at work.
restarting() {
  local pid
  [[ -e $RUN/state/$ID.restarting ]] && read -r pid <"$RUN/state/$ID.restarting" && [[ -e /proc/$pid ]]
}

is_running() { monitor_alive || payload_alive; }

# The container's init as the host sees it, from the hook that plugged it; 0 where it doesn't run.
init_pid() {
  local pid=0 cgroups
  INIT_PID=0
  if [[ -e $RUN/state/$ID.pid ]]; then read -r pid _ <"$RUN/state/$ID.pid" || pid=0; fi
  [[ $pid =~ ^[1-9][0-9]*$ && -e /proc/$pid/cgroup ]] || return 0
  { mapfile -t cgroups <"/proc/$pid/cgroup"; } 2>/dev/null || return 0
  [[ "${cgroups[*]}/" != *"/$PAYLOAD"[/\ ]* ]] || INIT_PID=$pid
}
