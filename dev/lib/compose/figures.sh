# shellcheck shell=bash disable=SC2154 # folder, project and log_dir are set by dev/compose-test
# Sizes of images, and memory of containers.

show_images() {
  say "sizes of the images:"
  docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep -v '^<none>' | sort |
    while read -r image size; do printf '        %-42s %s\n' "$image" "$size"; done
}

# Prints NAME MIB for each container, without what the kernel caches of files.
memory_now() {
  docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' | awk '
    { unit = $2; sub(/[0-9.]+/, "", unit); value = $2 + 0 }
    unit == "KiB" { value /= 1024 } unit == "GiB" { value *= 1024 } unit == "B" { value /= 1048576 }
    { printf "%s %.1f\n", $1, value }'
}

# The load: VMs that come and go, four at a time, and queries as fast as they are answered.
start_load() {
  local i
  (
    for ((i = 1; i <= 4; i++)); do
      (for name in a b c; do api "/vm/destroy?vmid=$(create "load-$i-$name")" >/dev/null; done) &
    done
    wait
  ) </dev/null >"$log_dir/load.log" 2>&1 &
  pairs=$!
  wrk -t 1 -c 16 -d 20s -H "Authorization: Bearer $(<"$project/secrets/api_token")" \
    "http://127.0.0.1:8080/vm/query?vmid=${vms[0]}" </dev/null >"$log_dir/wrk.log" 2>&1 &
  queries=$!
}

# The highest of what is seen of each while the load goes on, beside what there was before.
measure_memory() {
  local rest=$folder/memory-rest peak=$folder/memory-load
  memory_now | sort >"$rest"
  start_load
  while kill -0 "$pairs" 2>/dev/null || kill -0 "$queries" 2>/dev/null; do memory_now; done >"$peak"
  if ! wait "$pairs" || ! wait "$queries" || [[ -s $log_dir/load.log ]]; then
    fail "the load failed: $(tail -n 2 "$log_dir/load.log" "$log_dir/wrk.log")"
  fi
  say "memory of the containers in MiB, at rest and at most under load (12 creates and destroys, $(requests) queries/s):"
  awk 'NR == FNR { if ($2 > peak[$1]) peak[$1] = $2; next } { printf "        %-22s %7.1f %7.1f\n", $1, $2, peak[$1] }' \
    "$peak" "$rest"
  ! grep -q 'Non-2xx' "$log_dir/wrk.log" || fail "queries failed: $(grep Non-2xx "$log_dir/wrk.log")"
}

requests() { sed -nE 's/^Requests\/sec: *([0-9]+).*/\1/p' "$log_dir/wrk.log"; }
