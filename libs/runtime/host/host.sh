# The host itself: what it is, what it lacks, and what it needs to hold containers.
# shellcheck shell=bash

# berth_inspect_host: `key value` lines; changes nothing but a trial mount that it takes away.
berth_inspect_host() {
  local missing=() tool version total free
  for tool in lxc-start lxc-stop lxc-attach btrfs nft ip tc arping ping flock realpath openssl tar zstd xz gzip nsenter setsid; do
    command -v "$tool" >/dev/null || missing+=("the command $tool")
  done
  [[ $(findmnt -n -o FSTYPE -T "$POOL" 2>/dev/null) == btrfs && -d $POOL ]] || missing+=("a btrfs file system at $POOL")
  [[ -e $BERTH_ROOT/var/lib/lxcfs/proc/meminfo ]] || missing+=('lxcfs at /var/lib/lxcfs')
  [[ -r /usr/share/lxc/config/common.seccomp ]] || missing+=("LXC's seccomp profile")
  [[ -e /proc/self/ns/user && -e /proc/self/ns/cgroup ]] || missing+=('user and cgroup namespaces')
  nft list tables >/dev/null 2>&1 || missing+=('nftables in the kernel')
  [[ $(id -u) == 0 ]] || missing+=('root')
  [[ -n $(ip -4 route show default) ]] || missing+=('a default route, which tells the uplink')
  ((${#missing[@]})) || try_idmapped_mount || missing+=('idmapped mounts on the pool (kernel 5.15, util-linux 2.39)')
  if ((${#missing[@]})); then
    printf -v missing '%s, ' "${missing[@]}"
    fail host_unsuitable "it lacks ${missing%, }"
  fi
  read -r total free < <(df -B1 --output=size,avail "$POOL" | tail -n 1)
  echo "hostname $(hostname)"
  echo "kernel $(uname -r)"
  echo "architecture $(uname -m)"
  echo "cgroup $CGROUP_VERSION"
  echo "cpus $(nproc)"
  echo "ram_bytes $(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) * 1024))"
  echo "disk_total $total"
  echo "disk_free $free"
  echo "version lxc $(lxc-start --version)"
  version=$(btrfs --version) && version=${version%%$'\n'*} && echo "version btrfs ${version##*v}"
  ! command -v criu >/dev/null || { version=$(criu --version) && version=${version%%$'\n'*} && echo "version criu ${version##* }"; }
  find_capabilities | sed 's/^/capability /'
}

try_idmapped_mount() {
  local trial result=1
  trial=$(mktemp -d "$POOL/.trial.XXXXXX") || fail no_space "nothing can be written below $POOL: it is full, or read-only"
  mkdir "$trial/a" "$trial/b"
  if mount --bind -o X-mount.idmap=0:65536:65536 "$trial/a" "$trial/b" 2>/dev/null; then
    umount "$trial/b"
    result=0
  fi
  rm -rf --one-file-system "$trial"
  return "$result"
}

# berth_prepare_host: prints the boot id. Everything of a boot is under /run/berth; what is on disk is looked at again.
berth_prepare_host() {
  mkdir -p "$RUN" "$CONTAINERS" "$TEMPLATES" "$FENCES"
  exec {LOCK_FD}>>"$RUN/prepare.lock"
  flock -w "$LOCK_WAIT_S" "$LOCK_FD" || fail busy 'another worker prepares the host'
  mkdir -p "$RUN/locks" "$RUN/state" "$RUN/roots" "$RUN/log" "$RUN/beancounters" "$RUN/devices" "$RUN/seccomp"
  make_silence
  # A container's ids must pass through to its root, and LXC insists on its own path too.
  chmod 711 "$RUN" "$RUN/roots" "$RUN/beancounters" "$POOL" "$CONTAINERS"
  chmod 700 "$RUN/locks" "$RUN/state" "$RUN/log" "$TEMPLATES" "$FENCES"
  [[ $(findmnt -n -o FSTYPE "$RUN/devices") == tmpfs ]] ||
    mount -t tmpfs -o mode=711,size=1m,nosuid,noexec berth-devices "$RUN/devices"
  write_seccomp_profiles
  find_uplink
  raise_sysctls
  allow_id_ranges
  enable_quota
  find_pool_devices
  prepare_io
  prepare_memory
  prepare_tracking
  write_firewall
  readmit_running
  tidy
  keep_reserve
  [[ -e $RUN/boot-id ]] || write_file "$RUN/boot-id" "$(</proc/sys/kernel/random/uuid)"$'\n'
  write_file "$PREPARED" "$(find_capabilities)"$'\n'
  cat "$RUN/boot-id"
}

find_uplink() {
  local uplink
  uplink=$(ip -4 route show default | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }')
  [[ $uplink ]] || fail host_unsuitable 'it has no default route, which tells the uplink'
  write_file "$RUN/uplink" "$uplink $(<"/sys/class/net/$uplink/mtu")"$'\n'
  set_sysctl "net/ipv4/conf/$uplink/proxy_arp" 1
  # Else the kernel answers for our addresses up to 0.8 s late.
  set_sysctl "net/ipv4/neigh/$uplink/proxy_delay" 0
  set_sysctl "net/ipv4/conf/$uplink/send_redirects" 0
  set_sysctl net/ipv4/conf/all/send_redirects 0
  set_sysctl net/ipv4/ip_forward 1
  if [[ -e /proc/sys/net/ipv6 ]]; then
    # A router ignores router advertisements, and with them its own default route, unless told to listen on.
    [[ $(<"/proc/sys/net/ipv6/conf/$uplink/accept_ra") != 1 ]] || set_sysctl "net/ipv6/conf/$uplink/accept_ra" 2
    set_sysctl net/ipv6/conf/all/forwarding 1
    set_sysctl "net/ipv6/conf/$uplink/proxy_ndp" 1
    set_sysctl "net/ipv6/neigh/$uplink/proxy_delay" 0
  fi
}

set_sysctl() {
  [[ $(<"/proc/sys/$1") == "$2" ]] || echo "$2" >"/proc/sys/$1" || fail host_unsuitable "sysctl $1 cannot be set to $2"
}

# Hundreds of servers share what a kernel counts for one root. Only ever raised; what isn't there or isn't ours is left.
raise_sysctls() {
  local name value
  while read -r name value; do
    [[ -w /proc/sys/$name ]] || continue
    (($(<"/proc/sys/$name") >= value)) || echo "$value" >"/proc/sys/$name" || true
  done <<'EOF'
fs/inotify/max_user_instances 65536
fs/inotify/max_user_watches 1048576
fs/inotify/max_queued_events 65536
kernel/keys/maxkeys 20000
kernel/keys/maxbytes 2000000
kernel/pid_max 4194304
net/ipv4/neigh/default/gc_thresh3 16384
net/ipv4/neigh/default/gc_thresh2 8192
net/ipv6/neigh/default/gc_thresh3 16384
net/ipv6/neigh/default/gc_thresh2 8192
EOF
}

# newuidmap lets root give only what these files grant it.
allow_id_ranges() {
  local file
  for file in /etc/subuid /etc/subgid; do
    grep -qs '^root:65536:4294836224$' "$file" || echo 'root:65536:4294836224' >>"$file"
  done
}

# Simple quotas (kernel 6.7) charge who wrote first: cheap, and subvolumes made inside fall under the same limit. A
# pool with containers keeps what it has. Without any quota the disk limit isn't enforced, so that is refused.
enable_quota() {
  local mode
  mode=$(quota_mode)
  if [[ $mode != squota && -z $(ls -A "$CONTAINERS") ]]; then
    [[ $mode == none ]] || btrfs quota disable "$POOL"
    btrfs quota enable --simple "$POOL" 2>/dev/null || btrfs quota enable "$POOL"
    mode=$(quota_mode)
  fi
  [[ $mode != none ]] || btrfs quota enable "$POOL"
  : >"$RUN/quota"
  if [[ $mode == squota ]]; then : >"$RUN/simple-quota"; else rm -f "$RUN/simple-quota"; fi
}

# What is off unless a container has the feature, in LXC's words: ipsec is netlink's family 6 and key sockets; nesting is
# user namespaces inside the container's (clone3's flags can't be seen, so it is said to be missing: libraries know what
# to do then).
write_seccomp_profiles() {
  local common ipsec nesting
  common=$(</usr/share/lxc/config/common.seccomp)$'\n'
  ipsec='socket errno 97 [0,16,SCMP_CMP_EQ] [2,6,SCMP_CMP_EQ]
socket errno 97 [0,15,SCMP_CMP_EQ]
'
  nesting='unshare errno 1 [0,268435456,SCMP_CMP_MASKED_EQ,268435456]
clone errno 1 [0,268435456,SCMP_CMP_MASKED_EQ,268435456]
clone3 errno 38
'
  printf '%s' "$common$ipsec$nesting" >"$RUN/seccomp/plain"
  printf '%s' "$common$nesting" >"$RUN/seccomp/ipsec"
  printf '%s' "$common$ipsec" >"$RUN/seccomp/plain-nesting"
  printf '%s' "$common" >"$RUN/seccomp/ipsec-nesting"
}

# Weights are bfq's work. Left alone where the kernel has no bfq.
prepare_io() {
  local device queue
  for device in $POOL_DEVICES; do
    queue=$(realpath "/sys/dev/block/$device")/queue
    [[ ! -w $queue/scheduler || $(<"$queue/scheduler") == *\[bfq\]* ]] ||
      { modprobe -q bfq || true; echo bfq >"$queue/scheduler"; } 2>/dev/null || true
    # Else a process that has just begun to use the disk goes first for seconds, whatever its weight.
    [[ ! -w $queue/iosched/low_latency ]] || echo 0 >"$queue/iosched/low_latency"
  done
}

# What a guarantee, memory.low, needs to hold.
prepare_memory() {
  local generations=/sys/kernel/mm/lru_gen/enabled
  [[ $CGROUP_VERSION == v2 ]] || return 0
  # Else it would be for the payload's own processes only, not for the groups that its init makes.
  [[ $(findmnt -n -o OPTIONS "$CGROUP") == *memory_recursiveprot* ]] ||
    mount -o remount,nsdelegate,memory_recursiveprot "$CGROUP" 2>/dev/null || true
  # The multi-generational LRU takes from a group below its memory.low at the second look.
  [[ ! -w $generations || $(<"$generations") == 0x0000 ]] || echo 0 >"$generations"
}

# Where pages are tracked, one byte written would count as two megabytes in a huge one that nobody asked for.
prepare_tracking() {
  local file=/sys/kernel/mm/transparent_hugepage/enabled
  [[ -w $file && $(<"$file") == *\[always\]* ]] || return 0
  ! criu check --feature mem_dirty_track >/dev/null 2>&1 || echo madvise >"$file"
}

quota_mode() {
  local dir
  dir=/sys/fs/btrfs/$(findmnt -n -o UUID -T "$POOL")/qgroups
  if [[ -e $dir/mode ]]; then
    echo "$(<"$dir/mode")"
  elif [[ -e $dir/enabled && $(<"$dir/enabled") == 1 ]]; then
    echo qgroup
  else
    echo none
  fi
}

# Somebody may have flushed the firewall under running containers.
readmit_running() {
  local dir
  for dir in "$CONTAINERS"/*/; do
    [[ -e $dir/config ]] || continue
    use_container "$(basename "$dir")"
    if [[ -e /sys/class/net/$VETH ]]; then allow_addresses || true; fi
  done
}

# What nobody needs any more: fences of servers that went 30 days ago, half imports, spent quota groups.
tidy() {
  local file id group
  for file in "$FENCES"/*; do
    id=${file##*/}
    [[ -e $file ]] || continue
    if [[ ! -e $CONTAINERS/$id ]]; then
      find "$file" -mtime +30 -delete
    elif (($(wc -l <"$file") > 100)); then
      shorten_fence "$id"
    fi
  done
  # Scripts of former versions of ours that no container's hooks name.
  while read -r file; do
    [[ $file == "$LIB" ]] || grep -qsF "$file/" "$CONTAINERS"/*/config || rm -rf "$file"
  done < <(find "$POOL/lib" -mindepth 1 -maxdepth 1 -type d -mtime +7)
  for file in "$TEMPLATES"/.import-*; do
    if [[ -d $file ]]; then drop_stale_import "$file"; fi
  done
  # Trials of a host's abilities that were cut short.
  while read -r file; do
    umount "$file/root" "$file/b" 2>/dev/null || true
    rm -rf --one-file-system "$file"
  done < <(find "$POOL" -mindepth 1 -maxdepth 1 -name '.trial.*' -mmin +60)
  if [[ -e $RUN/simple-quota ]]; then
    while read -r group _; do
      [[ $group != 1/* || -e $CONTAINERS/ct${group#1/} ]] || btrfs qgroup destroy "$group" "$POOL" 2>/dev/null || true
    done < <(btrfs qgroup show "$POOL" 2>/dev/null || true)
  fi
}

shorten_fence() {
  (
    exec {LOCK_FD}>>"$RUN/locks/$1"
    flock -n "$LOCK_FD" || exit 0
    read_fence "$1"
    write_file "$FENCES/$1" "$FENCE"$'\n'
  )
}

drop_stale_import() {
  local sha=${1##*/.import-}
  (
    exec {LOCK_FD}>>"$RUN/locks/template-$sha"
    ! flock -n "$LOCK_FD" || btrfs -q subvolume delete "$1" >/dev/null
  ) || true
}

# berth_snapshot_host: `boot ID` and `ct ID STATE FENCE` lines. No process a container: hosts hold hundreds.
berth_snapshot_host() {
  local dir line
  local -A monitors=()
  [[ ! -e $RUN/boot-id ]] || echo "boot $(<"$RUN/boot-id")"
  while read -r line; do
    line=${line##* @"$CONTAINERS"/}
    [[ $line != */command ]] || monitors[${line%/command}]=1
  done </proc/net/unix
  for dir in "$CONTAINERS"/ct*/; do
    [[ -d $dir ]] || continue
    dir=${dir%/}
    use_container "${dir##*/}"
    find_state "${monitors[$ID]-}"
    read_fence "$ID"
    echo "ct $ID $STATE $FENCE"
  done
}
