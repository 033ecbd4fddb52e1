# Terminals: shells in a container that people type into. Each is a process of `terminal`, which holds locks/ID.terminals shared
# and is named in RUN/terminals/ID. Needs common.sh, spec.sh, checkpoint.sh, migration.sh.
# shellcheck shell=bash disable=SC2153

# berth_terminal ID COLUMNS ROWS: becomes the terminal. See `terminal` for what it reads and says.
berth_terminal() {
  local freezer=''
  use_container "$1"
  [[ -e $PREPARED ]] || exit "$EXIT_NOT_PREPARED"
  require_container
  refuse_departing
  is_running || not_running
  ! payload_frozen || fail not_running "$ID is frozen: unfreeze it first"
  init_pid
  ((INIT_PID)) || fail busy "$ID is starting or stopping just now"
  load_spec
  [[ $CGROUP_VERSION == v2 ]] || freezer=$CGROUP/freezer
  mkdir -p -m 700 "$RUN/terminals"
  # shellcheck disable=SC2016
  exec perl "$LIB/terminal" "$ID" "$INIT_PID" "$ID_BASE" "$2" "$3" "$RUN/locks/$ID.terminals" "$RUN/terminals/$ID" \
    "$PAYLOAD" "$freezer" "$RUN/log/$ID.terminal" \
    -P "$CONTAINERS" -n "$ID" --clear-env -v PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    -v HOME=/root -v USER=root -v LOGNAME=root -v TERM=xterm-256color -v LANG=C.UTF-8 -- /bin/sh -c "$SESSION" sh TTY
}

# In the container. A leader without a terminal that opens one has it from then on; without setsid(1) there is no job control.
# shellcheck disable=SC2016
SESSION='
  shell='\''exec 0<>"$1" 1>&0 2>&0 || exit 126; cd; if command -v bash >/dev/null; then exec bash -l; fi; exec sh -l'\''
  if command -v setsid >/dev/null; then exec setsid sh -c "$shell" sh "$1"; fi
  eval "$shell"'

# Ends all terminals of the container, and keeps new ones from opening until this script ends or opens_terminals: CRIU sees
# their shells as no part of it, but not what they are connected to inside. As late as can be: they see it.
end_terminals() {
  local file words turn
  exec {TERMINALS_FD}>>"$RUN/locks/$ID.terminals"
  for ((turn = 0; turn < 500; turn++)); do
    if flock -n "$TERMINALS_FD"; then return; fi
    for file in "$RUN/terminals/$ID"/[0-9]*; do
      { IFS= read -r -d '' words <"/proc/${file##*/}/cmdline"; } 2>/dev/null || continue
      if [[ $words == "berth-terminal $ID"* ]]; then kill -TERM "${file##*/}" 2>/dev/null || true; fi
    done
    pause 0.01
  done
  fail busy "the terminals of $ID do not end"
}

# Whoever has a copy of the descriptor.
allow_terminals() { flock -u "$TERMINALS_FD"; }
