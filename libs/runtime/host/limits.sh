# What each limit is in the kernel's files. Needs common.sh and spec.sh.
# shellcheck shell=bash disable=SC2153,SC2034

# In the order of writing; ram_bytes and swap_bytes share a rule of cgroup v1 and are set by apply_memory there.
CGROUP_LIMITS='cpu_units cpu_quota cpu_mask node_mask ram_guarantee_bytes ram_barrier_bytes ram_bytes swap_bytes num_proc
io_priority io_rate'
# From 0 to 7; 4 is what a container without a priority has.
IO_WEIGHTS=(16 25 40 63 100 160 250 400)

# add_write CONTROLLER KEY VALUE: CONTROLLER is v1's directory.
add_write() { WRITES+=("$1|$2|$3"); }

# find_writes [ALL]: sets WRITES to `controller|file|value`, in order, for LIMITS; with ALL also for what is not limited.
find_writes() {
  local name
  WRITES=()
  for name in $CGROUP_LIMITS; do
    if [[ ! ${1-} ]] && ! is_limited "$name"; then continue; fi
    "write_${CGROUP_VERSION}_$name"
  done
}

is_limited() {
  case $1 in
    cpu_quota) [[ ${LIMITS[cpus]-}${LIMITS[cpu_limit_percent]-} ]] ;;
    io_rate) [[ ${LIMITS[io_limit_bps]-}${LIMITS[io_limit_iops]-} ]] ;;
    *) [[ ${LIMITS[$1]-} ]] ;;
  esac
}

write_v2_cpu_units() {
  local value=$(((${LIMITS[cpu_units]:-1000} + 5) / 10))
  add_write . cpu.weight $((value < 1 ? 1 : value > 10000 ? 10000 : value))
}
write_v1_cpu_units() {
  local value=${LIMITS[cpu_units]:-1024}
  add_write cpu cpu.shares $((value > 262144 ? 262144 : value))
}
write_v2_cpu_quota() {
  find_cpu_quota
  add_write . cpu.max "${CPU_QUOTA:-max} 100000"
}
write_v1_cpu_quota() {
  find_cpu_quota
  add_write cpu cpu.cfs_quota_us "${CPU_QUOTA:--1}"
}

# CPU_QUOTA: microseconds of each 100 ms, the smaller of cpus and cpu_limit_percent (three decimals at most); the
# kernel refuses less than 1 ms.
find_cpu_quota() {
  local percent=${LIMITS[cpu_limit_percent]-} part=000
  CPU_QUOTA=
  if [[ $percent ]]; then
    [[ $percent != *.* ]] || part=${percent#*.}000
    CPU_QUOTA=$((10#${percent%%.*} * 1000 + 10#${part:0:3}))
    ((CPU_QUOTA >= 1000)) || CPU_QUOTA=1000
  fi
  if [[ ${LIMITS[cpus]-} ]] && { [[ ! $CPU_QUOTA ]] || ((LIMITS[cpus] * 100000 < CPU_QUOTA)); }; then
    CPU_QUOTA=$((LIMITS[cpus] * 100000))
  fi
}

# Lifted: all that the host has. The kernel refuses an empty list where processes run.
write_v2_cpu_mask() { add_write . cpuset.cpus "${LIMITS[cpu_mask]:-$(<"$CGROUP/cpuset.cpus.effective")}"; }
write_v2_node_mask() { add_write . cpuset.mems "${LIMITS[node_mask]:-$(<"$CGROUP/cpuset.mems.effective")}"; }
write_v1_cpu_mask() { add_write cpuset cpuset.cpus "${LIMITS[cpu_mask]:-$(<"$CGROUP/cpuset/cpuset.cpus")}"; }
write_v1_node_mask() { add_write cpuset cpuset.mems "${LIMITS[node_mask]:-$(<"$CGROUP/cpuset/cpuset.mems")}"; }

write_v2_ram_guarantee_bytes() { add_write . memory.low "${LIMITS[ram_guarantee_bytes]:-0}"; }
write_v2_ram_barrier_bytes() { add_write . memory.high "${LIMITS[ram_barrier_bytes]:-max}"; }
write_v2_ram_bytes() { add_write . memory.max "${LIMITS[ram_bytes]:-max}"; }
write_v2_swap_bytes() { add_write . memory.swap.max "${LIMITS[swap_bytes]:-max}"; }
write_v1_ram_guarantee_bytes() { add_write memory memory.soft_limit_in_bytes "${LIMITS[ram_guarantee_bytes]:--1}"; }
write_v1_ram_barrier_bytes() { :; }
write_v1_ram_bytes() { add_write memory memory.limit_in_bytes "${LIMITS[ram_bytes]:--1}"; }
# v1 counts memory and swap together, and wants the sum to be no less than the memory alone.
write_v1_swap_bytes() {
  local sum=-1
  [[ ! ${LIMITS[swap_bytes]-} || ! ${LIMITS[ram_bytes]-} ]] || sum=$((LIMITS[ram_bytes] + LIMITS[swap_bytes]))
  add_write memory memory.memsw.limit_in_bytes "$sum"
}

write_v2_num_proc() { add_write . pids.max "${LIMITS[num_proc]:-max}"; }
write_v1_num_proc() { add_write pids pids.max "${LIMITS[num_proc]:-max}"; }

write_v1_io_priority() { add_write blkio blkio.bfq.weight "${IO_WEIGHTS[${LIMITS[io_priority]:-4}]}"; }
write_v2_io_priority() { add_write . io.bfq.weight "${IO_WEIGHTS[${LIMITS[io_priority]:-4}]}"; }

# Each direction by itself, as the kernel counts them. 0 is no limit.
write_v1_io_rate() {
  local device
  know_pool_devices
  for device in $POOL_DEVICES; do
    add_write blkio blkio.throttle.read_bps_device "$device ${LIMITS[io_limit_bps]:-0}"
    add_write blkio blkio.throttle.write_bps_device "$device ${LIMITS[io_limit_bps]:-0}"
    add_write blkio blkio.throttle.read_iops_device "$device ${LIMITS[io_limit_iops]:-0}"
    add_write blkio blkio.throttle.write_iops_device "$device ${LIMITS[io_limit_iops]:-0}"
  done
}
write_v2_io_rate() {
  local device bps=${LIMITS[io_limit_bps]:-0} iops=${LIMITS[io_limit_iops]:-0}
  know_pool_devices
  ((bps)) || bps=max
  ((iops)) || iops=max
  for device in $POOL_DEVICES; do
    add_write . io.max "$device rbps=$bps wbps=$bps riops=$iops wiops=$iops"
  done
}

# The disks below the pool as the kernel limits them, `major:minor` each; known since the host was prepared.
POOL_DEVICES=
know_pool_devices() {
  [[ ! -e $RUN/pool-devices ]] || read -r POOL_DEVICES <"$RUN/pool-devices" || true
}
know_pool_devices

look_up_pool_devices() {
  local link disk found=''
  for link in "/sys/fs/btrfs/$(findmnt -n -o UUID -T "$POOL")/devices"/*; do
    disk=$(realpath "$link")
    # Limits are of whole disks.
    [[ ! -e $disk/partition ]] || disk=${disk%/*}
    found+="$(<"$disk/dev") "
  done
  POOL_DEVICES=${found% }
}

find_pool_devices() {
  look_up_pool_devices
  write_file "$RUN/pool-devices" "$POOL_DEVICES"$'\n'
  write_file "$RUN/pool-qgroups" "/sys/fs/btrfs/$(findmnt -n -o UUID -T "$POOL")/qgroups"$'\n'
}

# Writes the limits of LIMITS into the running container's cgroups; those not set are lifted. False at the first refusal.
apply_live_limits() {
  local write controller key value file
  find_writes ALL
  for write in "${WRITES[@]}"; do
    IFS='|' read -r controller key value <<<"$write"
    file=$CGROUP/$controller/$PAYLOAD/$key
    [[ -e $file ]] || continue
    case $key in
      memory.limit_in_bytes) apply_memory "$value" || return 1 ;;
      *) printf '%s\n' "$value" >"$file" 2>/dev/null || { REFUSED="$key $value" && return 1; } ;;
    esac
  done
}

# v1: memory and swap together must never be less than memory alone; so their limit gives way first and comes back after.
apply_memory() {
  local dir=$CGROUP/memory/$PAYLOAD
  [[ ! -e $dir/memory.memsw.limit_in_bytes ]] || echo -1 >"$dir/memory.memsw.limit_in_bytes"
  printf '%s\n' "$1" >"$dir/memory.limit_in_bytes" 2>/dev/null || { REFUSED="memory.limit_in_bytes $1" && return 1; }
}

# Sets QGROUP_DIR to where the kernel tells the container's use of the pool: /sys/fs/btrfs/…/qgroups/LEVEL_ID.
find_qgroup_dir() {
  local dirs
  QGROUP_DIR=/nonexistent
  [[ -e $RUN/pool-qgroups ]] || return 0
  read -r dirs <"$RUN/pool-qgroups"
  if [[ -e $RUN/simple-quota ]]; then
    QGROUP_DIR=$dirs/1_${ID#ct}
  elif [[ -e $DIR/subvolume ]]; then
    QGROUP_DIR=$dirs/0_$(<"$DIR/subvolume")
  fi
}
