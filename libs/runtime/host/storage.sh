# Where a container's files are. Needs common.sh and spec.sh.
# shellcheck shell=bash disable=SC2153

find_storage_capabilities() { :; }

simple_quota() {
  [[ -e $RUN/simple-quota ]]
}

# Sets DISK_USED to what counts towards the limit, bytes; empty where nothing counts.
find_disk_use() {
  local file
  DISK_USED=
  find_qgroup_dir
  for file in "$QGROUP_DIR"/referenced; do
    [[ ! -e $file ]] || read -r DISK_USED <"$file"
  done
}

# Sets INODES_USED; empty where they aren't counted.
find_inodes() {
  INODES_USED=
}

apply_disk_limit() {
  local limit=${LIMITS[disk_bytes]:-none}
  if simple_quota; then
    btrfs qgroup limit "$limit" "1/${ID#ct}" "$POOL"
  elif [[ -e $RUN/quota ]]; then
    btrfs qgroup limit "$limit" "$DIR/rootfs"
  fi
}
