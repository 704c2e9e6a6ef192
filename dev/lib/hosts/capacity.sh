# shellcheck shell=bash disable=SC2154 # state, cache and self are set by dev/hosts and state.sh
# Pretended size of a host: files mounted over /proc and /sys, seen by free, nproc, lscpu and libvirt alike.

readonly fake=/run/capacity

# fake_capacity SPEC, inside the host.
fake_capacity() {
  local cpus=${1%%:*}
  mkdir -p "$fake"
  fake_cpuinfo "$cpus"
  fake_cpu_tree "$cpus"
  fake_node_tree "$cpus"
  fake_memory "$1"
  mount --bind "$fake/cpuinfo" /proc/cpuinfo
  mount --bind "$fake/meminfo" /proc/meminfo
  mount --bind "$fake/system" /sys/devices/system
}

# The machine's first processor, as often as wanted.
fake_cpuinfo() {
  awk -v cpus="$1" 'BEGIN { RS = ""; FS = "\n" }
    NR == 1 {
      for (i = 0; i < cpus; i++) {
        text = $0
        sub(/processor[ \t]*: [0-9]+/, "processor\t: " i, text)
        sub(/core id[ \t]*: [0-9]+/, "core id\t\t: " i, text)
        sub(/siblings[ \t]*: [0-9]+/, "siblings\t: " cpus, text)
        sub(/cpu cores[ \t]*: [0-9]+/, "cpu cores\t: " cpus, text)
        print text "\n"
      }
    }' /proc/cpuinfo >"$fake/cpuinfo"
}

cpu_range() { (($1 == 1)) && echo 0 || echo "0-$(($1 - 1))"; }

# Kernel masks are groups of 32 bits: cpu_mask FIRST COUNT.
cpu_mask() {
  local first=$1 last=$(($1 + $2 - 1)) group text='' bits bit
  for ((group = last / 32; group >= 0; group--)); do
    bits=0
    for ((bit = 0; bit < 32; bit++)); do
      ((group * 32 + bit < first || group * 32 + bit > last)) || ((bits |= 1 << bit, 1))
    done
    text+=$(printf '%08x' "$bits"),
  done
  echo "${text%,}"
}

fake_cpu_tree() {
  local cpus=$1 tree=$fake/system/cpu i topology name
  mkdir -p "$tree"
  for name in online possible present; do cpu_range "$cpus" >"$tree/$name"; done
  echo >"$tree/offline"
  echo >"$tree/isolated"
  echo 8191 >"$tree/kernel_max"
  for ((i = 0; i < cpus; i++)); do
    topology=$tree/cpu$i/topology
    mkdir -p "$topology"
    for name in physical_package_id die_id cluster_id; do echo 0 >"$topology/$name"; done
    echo "$i" | tee "$topology"/{core_id,thread_siblings_list,core_cpus_list} >/dev/null
    cpu_mask "$i" 1 | tee "$topology"/{thread_siblings,core_cpus} >/dev/null
    cpu_range "$cpus" | tee "$topology"/{core_siblings_list,package_cpus_list,die_cpus_list} >/dev/null
    cpu_mask 0 "$cpus" | tee "$topology"/{core_siblings,package_cpus,die_cpus} >/dev/null
  done
}

fake_node_tree() {
  local cpus=$1 node=$fake/system/node i name
  mkdir -p "$node/node0"
  for name in online possible has_cpu has_memory has_normal_memory; do echo 0 >"$node/$name"; done
  echo 10 >"$node/node0/distance"
  cpu_range "$cpus" >"$node/node0/cpulist"
  cpu_mask 0 "$cpus" >"$node/node0/cpumap"
  for ((i = 0; i < cpus; i++)); do ln -s "../../cpu/cpu$i" "$node/node0/cpu$i"; done
}

# Free memory falls with what the host's processes use. Written in place with lines of one length: a reader never sees
# half a file, and the mounts stay.
fake_memory() {
  local total free used=180000 process resident
  total=${1#*:} total=$((${total%%:*} * 1024))
  for process in /proc/[0-9]*/statm; do
    { read -r _ resident _ <"$process"; } 2>/dev/null && used=$((used + resident * 4))
  done
  free=$((total > used ? total - used : 0))
  {
    printf '%-15s %10d kB\n' MemTotal: $total MemFree: $free MemAvailable: $free Buffers: 0 Cached: 0 SwapCached: 0 \
      Active: $used Inactive: 0 SwapTotal: 0 SwapFree: 0 Dirty: 0 Shmem: 0 Slab: 0 SReclaimable: 0 SUnreclaim: 0
    printf '%-15s %10d\n' HugePages_Total: 0 HugePages_Free: 0
    printf '%-15s %10d kB\n' Hugepagesize: 2048
  } 1<>"$fake/meminfo"
  {
    printf 'Node 0 %-15s %10d kB\n' MemTotal: $total MemFree: $free MemUsed: $used
    printf 'Node 0 %-15s %10d\n' HugePages_Total: 0 HugePages_Free: 0 HugePages_Surp: 0
  } 1<>"$fake/system/node/node0/meminfo"
}

# set_load I VALUE|real, from outside: /proc/loadavg is the whole machine's, so hosts cannot differ by themselves.
set_load() {
  in_host "$1" umount /proc/loadavg 2>/dev/null || true
  [[ $2 != real ]] || return 0
  [[ $2 =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail "load $2: not a number, and not 'real'"
  # shellcheck disable=SC2016 # expanded inside the host
  in_host "$1" "$BASH" -c 'printf "%.2f %.2f %.2f 1/100 1000\n" "$1" "$1" "$1" >/run/loadavg &&
    mount --bind /run/loadavg /proc/loadavg' - "$2"
}
