# Templates: read-only subvolumes named by the sha256 of their tarball.
# shellcheck shell=bash

# berth_has_template SHA256: prints present or missing.
berth_has_template() {
  if [[ -d $TEMPLATES/$1 ]]; then echo present; else echo missing; fi
}

# berth_import_template SHA256 COMPRESSION: the tarball on stdin. Verified before it gets its name.
berth_import_template() {
  local sha=$1 import=$TEMPLATES/.import-$1 got broken='' full unpack_fd unpack_pid
  [[ $sha =~ ^[0-9a-f]{64}$ ]] || fail invalid_input 'sha256'
  [[ -e $RUN/boot-id ]] || exit "$EXIT_NOT_PREPARED"
  exec {LOCK_FD}>>"$RUN/locks/template-$sha"
  flock -w 900 "$LOCK_FD" || fail busy 'another worker has been importing it for 15 minutes'
  if [[ -d $TEMPLATES/$sha ]]; then
    echo present
    return
  fi
  drop_import "$import"
  btrfs -q subvolume create "$import" >/dev/null
  # The unpacking drains what it doesn't want, so that the sum is of everything that arrives.
  exec {unpack_fd}> >(unpack "$2" "$import" 2>"$RUN/import-$sha.log" >&2)
  unpack_pid=$!
  got=$(tee "/dev/fd/$unpack_fd" | sha256sum)
  got=${got%% *}
  exec {unpack_fd}>&-
  wait "$unpack_pid" || broken=1
  full=$(grep -m 1 -E 'No space left|quota exceeded' "$RUN/import-$sha.log" || true)
  rm -f "$RUN/import-$sha.log"
  if [[ $got != "$sha" ]]; then
    drop_import "$import"
    fail template_corrupt "what arrived has the sha256 $got: fetch the image anew"
  fi
  if [[ $broken || ! -d $import/etc || ! -d $import/root ]]; then
    drop_import "$import"
    [[ -z $full ]] || fail no_space "the pool is full: ${full##*: }"
    fail template_corrupt 'it is no tarball of a root file system with etc and root'
  fi
  mark_template "$import" "$sha"
  btrfs property set "$import" ro true
  # What is at its place is whole, also after a power loss.
  sync -f "$import"
  mv "$import" "$TEMPLATES/$sha"
  echo imported
}

# mark_template SUBVOLUME SHA256: gives it the received_uuid that it has on all hosts, the first half of its sum, so that `btrfs
# send` takes it for the same (ioctl BTRFS_IOC_SET_RECEIVED_SUBVOL, struct btrfs_ioctl_received_subvol_args).
mark_template() {
  perl -e '
    my ($path, $sha) = @ARGV;
    sysopen(my $dir, $path, 0) or die "$path: $!\n";
    my $args = pack("H32 Q Q Q L x4 Q L x4 Q x128", $sha, 1, 0, 0, 0, 0, 0, 0);
    ioctl($dir, 0xC0C89425, $args) or die "$path: $!\n";
  ' "$1" "$2" || echo "the template $2 could not be marked: migrations will send its files" >&2
}

unpack() {
  local status=0
  {
    case $1 in
      none) cat ;;
      gzip) gzip -dcq ;;
      xz) xz -dcq ;;
      zstd) zstd -dcq ;;
    esac | tar -C "$2" --numeric-owner --xattrs --xattrs-include='*' --acls -xpf -
  } || status=1
  cat >/dev/null
  return "$status"
}

drop_import() {
  [[ ! -d $1 ]] || btrfs -q subvolume delete "$1" >/dev/null
}

# berth_remove_template SHA256: containers made of it keep their files.
berth_remove_template() {
  [[ $1 =~ ^[0-9a-f]{64}$ ]] || fail invalid_input 'sha256'
  rm -f "$TEMPLATES/$1.image" "$TEMPLATES/$1.image.new"
  [[ ! -d $TEMPLATES/$1 ]] || btrfs -q subvolume delete "$TEMPLATES/$1" >/dev/null
}
