# Files inside the guest. Stopped: written from the host, after a look that no directory on the way leads outside
# (no process runs there, so none can change it under us). Running: written by a shell inside, which sees no more
# than the tenant does. Frozen counts as stopped. Needs common.sh and spec.sh.
# shellcheck shell=bash

# Set while a root is fresh from its template: nothing to lose, so files are written in place, without processes.
FRESH=
declare -A SAFE_DIRECTORIES=()

# guest_write TEXT PATH MODE: replaces the file, keeping owner and mode where it exists. The directory must exist.
guest_write() {
  local mask
  if [[ ! $FRESH ]] && guest_moves; then
    # shellcheck disable=SC2016
    attach sh -c 'umask 077; rm -rf "$1.berth"
      if [ -e "$1" ]; then cp -p "$1" "$1.berth"; else : >"$1.berth"; chmod "$2" "$1.berth"; fi &&
      cat >"$1.berth" && mv -f "$1.berth" "$1"' sh "$2" "$3" <<<"${1%$'\n'}"
    return
  fi
  find_safe_directory "${2%/*}"
  local target=${SAFE_DIRECTORIES[${2%/*}]}/${2##*/}
  [[ ! -L $target ]] || rm "$target"
  if [[ $FRESH ]]; then
    # A mask instead of install(1): one process less for each file.
    printf -v mask %o $((0666 & ~8#$3))
    umask "$mask"
    printf '%s' "$1" >"$target"
    umask 022
    return
  fi
  # No pipe to wait at, no device.
  [[ ! -e $target || -f $target ]] || rm -rf "$target"
  rm -rf "$target.berth"
  if [[ -e $target ]]; then cp -p "$target" "$target.berth"; else install -m "$3" /dev/null "$target.berth"; fi
  printf '%s' "$1" >"$target.berth"
  mv -fT "$target.berth" "$target"
}

# guest_read PATH: sets LINES to the file's lines; none where it is missing.
guest_read() {
  LINES=()
  if [[ ! $FRESH ]] && guest_moves; then
    # shellcheck disable=SC2016
    mapfile -t LINES < <(attach sh -c 'cat "$1" 2>/dev/null || :' sh "$1" </dev/null)
    return
  fi
  find_safe_directory "${1%/*}"
  local target=${SAFE_DIRECTORIES[${1%/*}]}/${1##*/}
  if [[ -f $target && ! -L $target ]]; then mapfile -t LINES <"$target"; fi
}

guest_mkdir() {
  if [[ ! $FRESH ]] && guest_moves; then
    attach mkdir -p -m "$2" "$1" </dev/null
    return
  fi
  find_safe_directory "${1%/*}"
  local target=${SAFE_DIRECTORIES[${1%/*}]}/${1##*/}
  [[ -d $target || -L $target ]] || mkdir -m "$2" "$target"
}

guest_moves() { is_running && ! payload_frozen; }

attach() { lxc-attach -P "$CONTAINERS" -n "$ID" --clear-env -v PATH=/usr/sbin:/usr/bin:/sbin:/bin -- "$@"; }

# Finds where a directory of the guest really is; fails if a symbolic link leads out of the root.
find_safe_directory() {
  local back=$PWD root
  [[ -z ${SAFE_DIRECTORIES[$1]-} ]] || return 0
  cd -P -- "$DIR/rootfs" && root=$PWD
  cd -P -- "$root$1" 2>/dev/null || fail command_failed "the guest has no directory $1"
  [[ $PWD == "$root/"* ]] || fail command_failed "$1 of the guest is a link that leads out of its root"
  SAFE_DIRECTORIES[$1]=$PWD
  cd -- "$back"
}

write_hostname() {
  local line hosts='' names=$HOSTNAME_
  [[ $HOSTNAME_ != *.* ]] || names="$HOSTNAME_ ${HOSTNAME_%%.*}"
  guest_write "$HOSTNAME_"$'\n' /etc/hostname 644
  guest_read /etc/hosts
  for line in "${LINES[@]}"; do
    [[ $line =~ ^127\.0\.1\.1[[:space:]] ]] || hosts+=$line$'\n'
  done
  [[ $hosts ]] || hosts=$'127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'
  guest_write "${hosts}127.0.1.1 $names"$'\n' /etc/hosts 644
}

# Nothing named: the template's own settings stay.
write_dns() {
  local text='' one
  for one in "${NAMESERVERS[@]}"; do text+="nameserver $one"$'\n'; done
  ((${#SEARCH[@]} == 0)) || text+="search ${SEARCH[*]}"$'\n'
  [[ -z $text ]] || guest_write "$text" /etc/resolv.conf 644
}

write_ssh_keys() {
  guest_mkdir /root/.ssh 700
  guest_write "$1" /root/.ssh/authorized_keys 600
}

# Begins to hash a password, which takes its time, for write_password. It goes to openssl's stdin: neither into a command
# line nor, in clear, into a file.
hash_password() {
  exec {HASH_FD}< <(openssl passwd -6 -stdin <<<"$1")
}

write_password() {
  local hash line shadow='' found=
  read -r hash <&"$HASH_FD" || fail command_failed 'openssl could not hash the password'
  exec {HASH_FD}<&-
  guest_read /etc/shadow
  for line in "${LINES[@]}"; do
    if [[ $line == root:* ]]; then
      found=1
      line=${line#root:*:}
      line="root:$hash:$line"
    fi
    shadow+=$line$'\n'
  done
  [[ $found ]] || shadow="root:$hash:19000:0:99999:7:::"$'\n'$shadow
  guest_write "$shadow" /etc/shadow 640
}
