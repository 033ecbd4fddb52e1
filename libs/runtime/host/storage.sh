# Where a container's files are. Needs common.sh and spec.sh.
# shellcheck shell=bash disable=SC2153

find_storage_capabilities() { :; }

simple_quota() {
  [[ -e $RUN/simple-quota ]]
}

# Sets DISK_USED to what counts towards the limit, bytes; empty where nothing counts.
find_disk_use() {
  DISK_USED=
  find_qgroup_dir
  [[ -e $QGROUP_DIR/referenced ]] || return 0
  # What is written but in no finished transaction yet counts already.
  DISK_USED=$(($(<"$QGROUP_DIR/referenced") + $(<"$QGROUP_DIR/rsv_data")))
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
