# Snapshots of a container's files, and clones of them. Needs all the others.
#
# DIR/snapshots/NAME/ holds root (a read-only subvolume) or image, images/ with the memory's, and about, written last:
# `created-ms memory|files bytes`. Without about it is half made or half gone. docs/decisions/0012-snapshots-and-checkpoints.md.
# shellcheck shell=bash disable=SC2153

use_snapshot() {
  [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,63}$ ]] || fail invalid_input "snapshot name $1"
  SNAPSHOT=$DIR/snapshots/$1
}

require_snapshot() {
  [[ -e $SNAPSHOT/about ]] || fail not_found "$ID has no snapshot ${SNAPSHOT##*/}"
}

# berth_create_snapshot ID FENCE NAME memory|files
berth_create_snapshot() {
  local kind=files size
  GROWS=1 begin_change "$1" "$2"
  flush_at_end
  use_snapshot "$3"
  if [[ ! -e $SNAPSHOT/about ]]; then
    [[ $4 != memory ]] || require_capability snapshots:memory
    drop_snapshot "$SNAPSHOT"
    find_disk_use
    size=${DISK_USED:-0}
    mkdir -p "$SNAPSHOT"
    if [[ $4 == memory ]] && is_running; then
      kind=memory
      snapshot_processes
      size=$((size + IMAGES_BYTES))
    else
      copy_root "$DIR" "$SNAPSHOT"
    fi
    write_file "$SNAPSHOT/about" "${EPOCHREALTIME%.*}${EPOCHREALTIME:11:3} $kind $size"$'\n'
  fi
  print_snapshot "$SNAPSHOT"
}

# copy_root FROM TO: a read-only copy of a container's files, of one moment.
copy_root() {
  local result=0
  if [[ -e $1/image ]]; then
    ! mountpoint -q "$1/rootfs" || fsfreeze -f "$1/rootfs"
    cp --reflink=always "$1/image" "$2/image" || result=1
    ! mountpoint -q "$1/rootfs" || fsfreeze -u "$1/rootfs"
    return "$result"
  fi
  btrfs -q subvolume snapshot -r "$1/rootfs" "$2/root" >/dev/null
}

# print_snapshot DIRECTORY: what deleting it would give back is asked of the kernel, by all its extents.
print_snapshot() {
  local created kind size exclusive
  read -r created kind size <"$1/about"
  read -r _ exclusive _ < <(btrfs filesystem du -s --raw "$1" 2>/dev/null | tail -n 1) || true
  [[ ${exclusive-} =~ ^[0-9]+$ ]] || exclusive=-
  echo "snapshot ${1##*/} $created $kind $size $exclusive"
}

berth_list_snapshots() {
  local about
  use_container "$1"
  require_container
  for about in "$DIR"/snapshots/*/about; do
    [[ ! -e $about ]] || print_snapshot "${about%/about}"
  done
}

# berth_delete_snapshot ID FENCE NAME
berth_delete_snapshot() {
  begin_mutation "$1" "$2"
  flush_at_end
  use_snapshot "$3"
  drop_snapshot "$SNAPSHOT"
}

# drop_snapshot DIRECTORY
drop_snapshot() {
  [[ -d $1 ]] || return 0
  rm -f "$1/about"
  [[ ! -d $1/root ]] || delete_subvolume "$1/root"
  rm -rf --one-file-system "$1"
  reap_stale_groups
}

drop_snapshots() {
  local one
  for one in "$DIR"/snapshots/*/; do
    [[ ! -d $one ]] || drop_snapshot "${one%/}"
  done
}

# With those that the tenant made inside. Over its limit a subvolume can't be deleted, so that is lifted.
delete_subvolume() {
  btrfs -q subvolume delete "$1" >/dev/null 2>&1 || {
    btrfs qgroup limit none "1/${ID#ct}" "$POOL" 2>/dev/null || true
    btrfs -q subvolume delete -R "$1" >/dev/null
  }
}

# Groups of subvolumes that are gone: the kernel keeps them while anything of theirs is shared. Nobody waits for that.
reap_stale_groups() {
  [[ -e $RUN/quota ]] || return 0
  # shellcheck disable=SC2016
  setsid bash -c 'btrfs subvolume sync "$1"; btrfs qgroup clear-stale "$1"' bash "$POOL" \
    </dev/null >/dev/null 2>&1 {LOCK_FD}>&- &
}

# berth_rollback ID FENCE NAME memory|files: prints the state. The file rollback remembers how it is to end, so that the
# call, repeated after a death at any point, ends so.
berth_rollback() {
  local name wanted=stopped
  begin_change "$1" "$2"
  flush_at_end
  refuse_departing
  use_snapshot "$3"
  require_snapshot
  if is_running; then wanted=running; fi
  if [[ $4 == memory && -e $SNAPSHOT/images ]]; then wanted=memory; fi
  if [[ -e $DIR/rollback ]] && read -r name was <"$DIR/rollback" && [[ $name == "$3" && $wanted == stopped ]]; then wanted=$was; fi
  write_file "$DIR/rollback" "$3 $wanted"$'\n'
  make_new_root
  if is_running; then kill_container; fi
  unplug
  drop_checkpoint
  swap_root
  load_spec
  write_hostname
  write_dns
  case $wanted in
    running) start_existing ;;
    memory) restore_images "$SNAPSHOT/images" keep ;;
  esac
  rm "$DIR/rollback"
  if [[ $wanted == stopped ]]; then echo stopped; else echo running; fi
}

# Beside the root that is still in use.
make_new_root() {
  drop_new_root
  if [[ -e $SNAPSHOT/image ]]; then
    cp --reflink=always "$SNAPSHOT/image" "$DIR/image.new"
    return
  fi
  if simple_quota; then
    btrfs qgroup limit none "1/${ID#ct}" "$POOL" 2>/dev/null || true
    btrfs -q subvolume snapshot -i "1/${ID#ct}" "$SNAPSHOT/root" "$DIR/rootfs.new" >/dev/null
  else
    btrfs -q subvolume snapshot "$SNAPSHOT/root" "$DIR/rootfs.new" >/dev/null
  fi
}

drop_new_root() {
  rm -f "$DIR/image.new"
  [[ ! -d $DIR/rootfs.new ]] || delete_subvolume "$DIR/rootfs.new"
}

# In one move: at each moment there is a whole root.
swap_root() {
  close_root
  if [[ -e $DIR/image.new ]]; then
    mv -T "$DIR/image.new" "$DIR/image"
    open_root
  else
    mv --exchange -T "$DIR/rootfs.new" "$DIR/rootfs"
    [[ ! -e $DIR/subvolume ]] || btrfs inspect-internal rootid "$DIR/rootfs" >"$DIR/subvolume"
  fi
  drop_new_root
  limit_after_swap
}

# What the former root held counts until the kernel has finished with it, seconds from now: so long there is room for
# both, or a full server could not even start.
limit_after_swap() {
  local limit=${LIMITS[disk_bytes]-}
  if [[ ! $limit || -e $DIR/image ]] || ! simple_quota; then
    apply_disk_limit
    reap_stale_groups
    return
  fi
  find_disk_use
  btrfs qgroup limit "$((limit + ${DISK_USED:-0}))" "1/${ID#ct}" "$POOL"
  # shellcheck disable=SC2016
  setsid bash -euo pipefail -c '
    LIB=$1
    for module in common spec limits storage; do . "$LIB/$module.sh"; done
    use_container "$2"
    btrfs subvolume sync "$POOL" >/dev/null
    exec {LOCK_FD}>>"$RUN/locks/$ID"
    flock "$LOCK_FD"
    if [[ -e $DIR/config ]]; then load_spec && apply_disk_limit; fi
    btrfs qgroup clear-stale "$POOL"' bash "$LIB" "$ID" </dev/null >/dev/null 2>&1 {LOCK_FD}>&- &
}

# Takes the mounts of the root away.
close_root() {
  while mountpoint -q "$ROOT"; do umount "$ROOT" || umount -l "$ROOT"; done
  [[ ! -e $DIR/image ]] || ! mountpoint -q "$DIR/rootfs" || umount "$DIR/rootfs" || umount -l "$DIR/rootfs"
}

# berth_clone ID FENCE SOURCE NAME|- SPEC_BYTES KEYS_BYTES PASSWORD_BYTES
berth_clone() {
  CLONE_SOURCE=$3 CLONE_SNAPSHOT=$4
  berth_create "$1" "$2" "${@:5}"
}

berth_clone_started() {
  CLONE_SOURCE=$3 CLONE_SNAPSHOT=$4
  berth_create_started "$1" "$2" "${@:5}"
}

# Sets ORIGIN to the files that a clone is to begin with, which stay as they are until this script ends.
find_clone_origin() {
  local own=$ID
  [[ ! -d $DIR/rootfs ]] || { ORIGIN=$DIR/rootfs && return; }
  use_container "$CLONE_SOURCE"
  exec {SOURCE_FD}>>"$RUN/locks/$ID"
  flock -s -w "$LOCK_WAIT_S" "$SOURCE_FD" || fail busy "another command has held the lock of $ID for $LOCK_WAIT_S s"
  require_container
  ORIGIN=$DIR/rootfs
  if [[ $CLONE_SNAPSHOT != - ]]; then
    use_snapshot "$CLONE_SNAPSHOT"
    require_snapshot
    ORIGIN=$SNAPSHOT/root
  fi
  [[ ! -e $DIR/image ]] || fail unsupported "$ID keeps its disk in an image, which cannot be cloned yet"
  use_container "$own"
}

# What tells a server from its copies. Host keys of the kinds that it had; systemd makes a machine id by itself.
renew_identity() {
  local key type
  guest_write '' /etc/machine-id 444
  for key in dbus/machine-id systemd/random-seed systemd/credential.secret; do remove_in_guest /var/lib/${key%/*} "${key#*/}"; done
  [[ -d $DIR/rootfs/etc/ssh && ! -L $DIR/rootfs/etc && ! -L $DIR/rootfs/etc/ssh ]] || return 0
  for key in "$DIR"/rootfs/etc/ssh/ssh_host_*_key; do
    [[ -e $key || -L $key ]] || continue
    type=${key##*/ssh_host_} && type=${type%_key}
    rm -rf "$key" "$key.pub"
    case $type in ecdsa | ed25519 | rsa) ssh-keygen -q -t "$type" -N '' -C "root@$HOSTNAME_" -f "$key" </dev/null ;; esac
  done
}

# remove_in_guest DIRECTORY NAME: of a container that doesn't run. No link on the way is followed out of its root.
remove_in_guest() {
  [[ -d $DIR/rootfs$1 ]] || return 0
  (find_safe_directory "$1" && rm -rf "${SAFE_DIRECTORIES[$1]:?}/$2") || true
}
