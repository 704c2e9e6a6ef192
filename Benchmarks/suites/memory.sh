# shellcheck shell=bash disable=SC2154 # folder, rounds, seconds and gateway_url are set by run and the pieces
# Memory of the gateway and of a worker: right after the start, and the most while 64 callers query and 4 create and
# then destroy VMs.
#
# RSS counts in full what others use too, such as libraries; PSS shares it out. The hypervisor is the test driver of a
# libvirtd, so what it remembers of its domains is not the worker's.

prepare_memory() { :; }

measure_memory() {
  local name kind
  start_empty_redis
  start_libvirtd
  start_gateway
  start_worker "$(test_uri)"
  sleep 2
  note_memory rest
  load_everything
  stop gateway worker libvirtd redis
  for name in gateway worker; do
    for kind in rest load; do
      figure memory "$name, $kind, RSS" "$(most "$name" "$kind" 2)" MB '<= 40'
      figure memory "$name, $kind, PSS" "$(most "$name" "$kind" 3)" MB '<= 40'
    done
  done
}

load_everything() {
  local round
  write_vm 1000000
  start wrk wrk -t 1 -c 64 -d 1h "$gateway_url/vm/query?vmid=1000000"
  for ((round = 1; round <= rounds; round++)); do
    say "memory: round $round of $rounds"
    { create_vms $((seconds * 40)) 4 >/dev/null && destroy_vms; } &
    while kill -0 $! 2>/dev/null; do
      note_memory load
      sleep 0.2
    done
    wait $!
  done
  stop wrk
}

# note_memory KIND: a line for each program: name, KIND, RSS and PSS in MB.
note_memory() {
  local name
  for name in gateway worker; do
    awk -v what="$name-$1" '$1 == "Rss:" { rss = $2 } $1 == "Pss:" { pss = $2 }
      END { print what, rss * 1024 / 1e6, pss * 1024 / 1e6 }' "/proc/${pids[$name]}/smaps_rollup"
  done >>"$folder/memory"
}

# most NAME KIND FIELD
most() { awk -v what="$1-$2" -v field="$3" '$1 == what && $field > most { most = $field } END { print most }' "$folder/memory"; }
