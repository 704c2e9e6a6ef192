# shellcheck shell=bash disable=SC2154 # set by dev/soak, site.sh and chaos.sh
# After the load: waits until all is quiet, and checks that all is as it must be.

wait_for_quiet() {
  local i
  # Cables are plugged in and recoveries noted by those who wait for them.
  ((${#awaited[@]} == 0)) || wait "${awaited[@]}" 2>/dev/null || true
  for ((i = 1; i <= hosts * 2; i++)); do
    wait_until 120 "PM $i" pm_is_up "$i" || found "PM $i is not up at the end: $(redis HGET "hvc:pm:$i" reason)"
  done
  wait_until 180 "the last jobs" is_quiet || found "jobs are still under way: $(redis LRANGE hvc:queue 0 2; redis LRANGE hvc:queue:direct 0 2)"
}

found() {
  problems=$((problems + 1))
  say "WRONG: $*"
}

# The invariants while VMs live, then the end of all VMs, and that they leave nothing.
check_all() {
  audit "with VMs that stay" --keepers "$folder/keepers" --pairs "$folder/pairs"
  product_audit
  run_load --drain --log "$folder/drained" >"$folder/log/drain.log" 2>&1 ||
    found "the last VMs cannot be destroyed: $(tail -n 1 "$folder/log/drain.log")"
  wait_until 240 "the last jobs" is_quiet || found "jobs are under way after the last destroy"
  audit "after the last destroy" --empty
}

# audit WHEN ARGUMENT…
audit() {
  local when=$1 line
  shift
  while IFS= read -r line; do
    if [[ $line == WRONG:* ]]; then found "$when: ${line#WRONG: }"; else say "audit $when: $line"; fi
  done < <(python3 "$root/dev/lib/soak/audit.py" --socket "$folder/redis/redis.sock" --hosts "$hosts" --program "$root/dev/hosts" "$@" 2>&1 ||
    echo "WRONG: the audit itself failed; see above")
}

# The worker's own audit, where it has one.
product_audit() {
  "$programs/hvc-worker" --help 2>/dev/null | grep -qw audit || return 0
  local output
  output=$(PATH=$HVC_HOSTS_DIR/bin:$PATH "$programs/hvc-worker" audit 2>&1) ||
    found "hvc-worker audit: $(tail -n 5 <<<"$output")"
}

report() {
  local kind line
  for kind in worker gateway redis libvirtd cable; do
    line=$(times_of "$kind")
    say "$(printf '%-9s %3d kills, %3d recoveries%s' "$kind" "${kills[$kind]}" "$(count_of "$kind")" "${line:+; $line}")"
  done
  say "all: $(total_kills) kills, $(count_of '[a-z]*') recoveries; $(times_of '[a-z]*')"
  ! grep -q never "$folder/recoveries" 2>/dev/null || found "what did not recover: $(grep -c never "$folder/recoveries")"
  ((problems == 0)) || fail "$problems wrong; repeat with: dev/soak --pairs $pairs --seed $seed"
  say "nothing lost, nothing twice"
}

count_of() { grep -cE "^$1 [0-9]+$" "$folder/recoveries" 2>/dev/null || true; }

# Median and maximum of the times to recover; nothing where there were none.
times_of() {
  local times
  times=$(sed -nE "s/^$1 ([0-9]+)\$/\1/p" "$folder/recoveries" 2>/dev/null) || true
  [[ -n $times ]] || return 0
  awk -v median="$(quantile 0.5 <<<"$times")" -v most="$(quantile 1 <<<"$times")" \
    'BEGIN { printf "time to recover: median %.1f s, max %.1f s", median / 1000, most / 1000 }'
}
