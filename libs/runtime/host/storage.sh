# Where a container's files are: in a subvolume, which is a snapshot of its template, or in an ext4 image on the pool,
# which is a reflink of an image of its template. docs/decisions/0009-storage.md says what each can do. Either way they
# are to be seen at DIR/rootfs. Needs common.sh and spec.sh.
#
# find_template | make_root | open_root (after a boot) | apply_disk_limit | find_disk_use | delete_root
# shellcheck shell=bash disable=SC2153

# All files of an image belong to this project: so the disk's and the inodes' limits go up and down at will, whatever
# the size of the file system, and df inside shows them.
IMAGE_PROJECT=1
BYTES_PER_INODE=8192

simple_quota() {
  [[ -e $RUN/simple-quota ]]
}

is_image() {
  [[ -e $DIR/image ]]
}

# What only an image can do: count inodes, and keep quotas of users and groups inside.
find_storage_capabilities() {
  if try_image >/dev/null 2>&1; then printf '%s\n' limit:disk_inodes quota:second_level feature:quota; fi
}

try_image() {
  local trial tool result=1
  for tool in mkfs.ext4 resize2fs setquota repquota chattr losetup; do command -v "$tool" || return 1; done
  modprobe -q -a loop ext4 quota_v2 || true
  trial=$(mktemp -d "$POOL/.trial.XXXXXX")
  mkdir "$trial/root"
  truncate -s 128M "$trial/image"
  make_file_system "$trial/image" && mount -o "loop,$IMAGE_OPTIONS" "$trial/image" "$trial/root" &&
    setquota -P "$IMAGE_PROJECT" 0 1024 0 100 "$trial/root" && result=0
  ! mountpoint -q "$trial/root" || umount "$trial/root"
  rm -rf --one-file-system "$trial"
  return "$result"
}

# What the server deletes goes back to the pool (discard).
IMAGE_OPTIONS=noatime,discard,noinit_itable,usrquota,grpquota,prjquota
make_file_system() {
  mkfs.ext4 -q -F -i "$BYTES_PER_INODE" -m 0 -O quota,project \
    -E quotatype=usrquota:grpquota:prjquota,lazy_itable_init=1,lazy_journal_init=1 -J size=16 "${@:2}" "$1"
}

# is_marked TEMPLATE: as template.sh marks them; false for those that were imported before it did.
is_marked() {
  local line uuid=${1##*/}
  [[ $uuid =~ ^[0-9a-f]{64}$ && -d $1 ]] || return 1
  uuid=${uuid:0:8}-${uuid:8:4}-${uuid:12:4}-${uuid:16:4}-${uuid:20:12}
  while read -r line; do
    [[ $line != 'Received UUID:'* || $line != *"$uuid" ]] || return 0
  done < <(btrfs subvolume show "$1" 2>/dev/null)
  return 1
}

# Sets ORIGIN to the template that the spec's text names, or to the root itself: its template may be gone by now.
find_template() {
  ORIGIN=${1#*template }
  ORIGIN=$TEMPLATES/${ORIGIN%%$'\n'*}
  ! needs_image "$1" || [[ $1 == *$'\nlimit disk_bytes '* ]] ||
    fail invalid_input 'a disk that counts inodes or has quotas inside needs disk_bytes'
  open_root
  [[ ! -d $DIR/rootfs ]] || ORIGIN=$DIR/rootfs
  [[ -d $ORIGIN ]] || fail template_missing "template ${ORIGIN##*/} has not been imported"
}

needs_image() {
  [[ $1 == *$'\nlimit disk_inodes '* || $1 == *$'\nfeature quota'* ]]
}

# make_root SPEC: a copy of ORIGIN, of the kind that the spec needs.
make_root() {
  [[ ! -d $DIR/rootfs ]] || return 0
  if needs_image "$1"; then
    make_image "$ORIGIN"
  else
    snapshot_root "$ORIGIN"
  fi
}

# Makes the container's own quota group, where there is none.
HAS_ACCOUNT=
open_account() {
  ! simple_quota || btrfs qgroup create "1/${ID#ct}" "$POOL" 2>/dev/null || true
}

# snapshot_root SUBVOLUME: a writable copy of it as the root, of the container's own quota group.
snapshot_root() {
  if simple_quota; then
    [[ $HAS_ACCOUNT ]] || open_account
    btrfs -q subvolume snapshot -i "1/${ID#ct}" "$1" "$DIR/rootfs" >/dev/null
  else
    btrfs -q subvolume snapshot "$1" "$DIR/rootfs" >/dev/null
    btrfs inspect-internal rootid "$DIR/rootfs" >"$DIR/subvolume"
  fi
}

make_image() {
  [[ -e $1.image ]] || build_template_image "$1"
  # Without checksums and copies of every write: the file system inside has its own ways to stay whole.
  rm -f "$DIR/image.new"
  : >"$DIR/image.new"
  chattr +C "$DIR/image.new"
  cp --reflink=always "$1.image" "$DIR/image.new"
  mv "$DIR/image.new" "$DIR/image"
  open_root
}

# Once a template; made by the first container that needs it, while others wait. Copied into the mounted file system, so
# that links and sockets too are of the project, which mke2fs -d could not do: a rename between projects is refused.
build_template_image() {
  local base=$1.image new=$1.image.new mount=$RUN/image-${1##*/} size lock
  exec {lock}>>"$RUN/locks/image-${1##*/}"
  flock -w 600 "$lock" || fail busy 'another command has been making the image of the template for 10 minutes'
  if [[ ! -e $base ]]; then
    size=$(du -s --apparent-size --block-size=1M "$1")
    ! mountpoint -q "$mount" || umount "$mount"
    rm -f "$new"
    : >"$new"
    chattr +C "$new"
    truncate -s $((${size%%[!0-9]*} * 3 / 2 + 96))M "$new"
    make_file_system "$new"
    mkdir -p "$mount"
    mount -t ext4 -o "loop,$IMAGE_OPTIONS" "$new" "$mount" {LOCK_FD}>&- {lock}>&-
    rmdir "$mount/lost+found"
    chattr +P -p "$IMAGE_PROJECT" "$mount"
    cp -a "$1/." "$mount" || { umount "$mount" && fail no_space "no image could be made of the template ${1##*/}"; }
    umount "$mount"
    rmdir "$mount"
    mv "$new" "$base"
  fi
  exec {lock}>&-
}

# Mounts an image where it isn't: at first, and after a boot of the host.
open_root() {
  local loop
  if ! is_image; then return; fi
  [[ -d $DIR/rootfs ]] || mkdir "$DIR/rootfs"
  ! mountpoint -q "$DIR/rootfs" || return 0
  loop=$(losetup -f --show --direct-io=on "$DIR/image")
  mount -t ext4 -o "$IMAGE_OPTIONS" "$loop" "$DIR/rootfs" {LOCK_FD}>&- || {
    losetup -d "$loop"
    fail command_failed "its image could not be mounted"
  }
  # From now on the loop device goes with the mount.
  losetup -d "$loop"
}

# Lets the file system grow to hold what the project may have; it never shrinks, the project's limit does.
grow_image() {
  local loop have want=$((LIMITS[disk_bytes] + LIMITS[disk_bytes] / 16 + 100663296)) inodes
  inodes=$((${LIMITS[disk_inodes]:-0} * BYTES_PER_INODE + 16777216))
  ((want >= inodes)) || want=$inodes
  want=$((want / 1048576 * 1048576))
  have=$(stat -c %s "$DIR/image")
  ((want > have)) || return 0
  truncate -s "$want" "$DIR/image"
  loop=$(findmnt -n -o SOURCE --mountpoint "$DIR/rootfs")
  losetup -c "$loop"
  resize2fs "$loop" >/dev/null 2>&1
}

apply_disk_limit() {
  local limit=${LIMITS[disk_bytes]:-none}
  if is_image; then
    grow_image && setquota -P "$IMAGE_PROJECT" 0 $((limit / 1024)) 0 "${LIMITS[disk_inodes]:-0}" "$DIR/rootfs"
  elif simple_quota; then
    btrfs qgroup limit "$limit" "1/${ID#ct}" "$POOL"
  elif [[ -e $RUN/quota ]]; then
    btrfs qgroup limit "$limit" "$DIR/rootfs"
  fi
}

# Sets DISK_USED to what counts towards the limit, bytes, and INODES_USED; empty where nothing counts.
find_disk_use() {
  DISK_USED='' INODES_USED=''
  if is_image; then
    [[ -v IMAGE_USE[$ID] ]] || find_image_use "$ID"
    read -r DISK_USED INODES_USED <<<"${IMAGE_USE[$ID]-}" || true
    return
  fi
  find_qgroup_dir
  [[ -e $QGROUP_DIR/referenced ]] || return 0
  # What is written but in no finished transaction yet counts already.
  DISK_USED=$(($(<"$QGROUP_DIR/referenced") + $(<"$QGROUP_DIR/rsv_data")))
}

# find_image_use ID…: of all in one go; empty for what isn't mounted.
declare -A IMAGE_USE=()
find_image_use() {
  local target used inodes one
  local -a roots=()
  for one in "$@"; do
    IMAGE_USE[$one]=
    roots+=("$CONTAINERS/$one/rootfs")
  done
  while read -r target used inodes; do
    target=${target%/rootfs}
    [[ $target != "$CONTAINERS"/* ]] || IMAGE_USE[${target##*/}]="$used $inodes"
  done < <(df -B1 --output=target,used,iused "${roots[@]}" 2>/dev/null | tail -n +2)
}

find_all_image_use() {
  local image ids=()
  for image in "$CONTAINERS"/ct*/image; do
    [[ -e $image ]] || return 0
    image=${image%/image}
    ids+=("${image##*/}")
  done
  find_image_use "${ids[@]}"
}

# Subvolumes that the tenant made inside go too; over its limit a subvolume can't be deleted, so that is lifted.
delete_root() {
  if is_image; then
    ! mountpoint -q "$DIR/rootfs" || umount "$DIR/rootfs" || umount -l "$DIR/rootfs"
    rm -f "$DIR/image"
    return
  fi
  if [[ ! -d $DIR/rootfs ]]; then
    # Begun, and not come so far.
    [[ ! -d $DIR ]] || reap_quota_group
    return 0
  fi
  if ! btrfs -q subvolume delete "$DIR/rootfs" >/dev/null 2>&1; then
    btrfs qgroup limit none "1/${ID#ct}" "$POOL" 2>/dev/null || btrfs qgroup limit none "$DIR/rootfs" || true
    btrfs -q subvolume delete -R "$DIR/rootfs" >/dev/null
  fi
  reap_quota_group
}

# The group can go when the kernel has finished with the subvolume, some seconds from now: nobody waits for that. Unless the
# container is back by then.
reap_quota_group() {
  simple_quota || return 0
  # shellcheck disable=SC2016
  setsid bash -c 'btrfs subvolume sync "$1"; [[ -d $3 ]] || btrfs qgroup destroy "$2" "$1"' bash "$POOL" "1/${ID#ct}" "$DIR" \
    </dev/null >/dev/null 2>&1 {LOCK_FD}>&- &
}
