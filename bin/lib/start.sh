# shellcheck shell=bash disable=SC2154 # root, var, log_dir and release are set by settings.sh
# Redis, the gateway and the workers: all of the control plane.

# Nothing is changed before all is known to be good: not what runs, and not var/settings.
start_everything() {
  check_all
  mkdir -p "$log_dir"
  ensure_redis
  try_gateway
  take_settings
  with_redis start_gateway
  with_redis start_workers
  wait_until_ready
  forget_old_settings
}

# The private Redis' address is not a setting to be kept.
with_redis() {
  local -x HVC_REDIS_URL
  HVC_REDIS_URL=$(redis_url)
  "$@"
}

# Keeps the settings, and the old ones until the programs run with the new ones: where they do not, the old ones are
# started again.
take_settings() {
  [[ ! -e $var/settings ]] || cp -p "$var/settings" "$var/settings.old"
  save_settings
  if cmp -s "$var/settings.old" "$var/settings"; then rm "$var/settings.old"; fi
  [[ ! -e $var/settings.old ]] || trap 'go_back $?' EXIT
}

forget_old_settings() {
  trap - EXIT
  rm -f "$var/settings.old"
}

go_back() {
  local status=$1 name
  trap - EXIT
  # Not where somebody has interrupted it.
  ((status < 128)) || exit "$status"
  say "the programs do not run with the new settings; going back to the old ones"
  mv "$var/settings.old" "$var/settings"
  for name in $(setting_names); do unset "$name"; done
  # Its lock is the one that this script holds.
  exec 9>&-
  bash "$root/bin/up.sh" || true
  say "FAILED: the new settings were not taken, see above"
  exit "$status"
}

start_gateway() {
  local reason
  reason=$(reason_to_restart gateway "$release/hvc-gateway")
  if [[ -z $reason ]] && service_pid gateway >/dev/null; then
    say "gateway: runs already (process $(service_pid gateway))"
  else
    [[ -z $reason ]] || say "gateway: $reason, starting it anew"
    end_services gateway || fail "the gateway still runs the old program; see above"
    HVC_TOKEN_HISTORY=${HVC_TOKEN_HISTORY-$var/token-history} launch gateway "$(service_settings gateway)" "$release/hvc-gateway"
  fi
  wait_until 30 "the gateway" gateway_answers_or_ended || fail_service gateway "the gateway does not answer at $(api_url)"
  ! service_ended gateway || fail_service gateway "the gateway ended right after its start"
}

gateway_answers_or_ended() {
  local pid
  service_ended gateway || { pid=$(service_pid gateway) && gateway_answers "$pid"; }
}

# All that change are stopped before the first is started anew: workers of one Redis must not differ in some settings.
start_workers() {
  local i name anew=() before=()
  # What is there of the surplus ones is stopped as well.
  mapfile -t anew < <(surplus_workers)
  for ((i = 1; i <= 10#$HVC_WORKERS; i++)); do
    name=worker-$i
    if worker_changed "$i"; then anew+=("$name"); else say "$name: runs already (process $(service_pid "$name"))"; fi
  done
  end_services ${anew[@]+"${anew[@]}"} || fail "workers still run the old program; see above"
  for ((i = 1; i <= 10#$HVC_WORKERS; i++)); do
    [[ " ${anew[*]-} " != *" worker-$i "* ]] || launch_worker "$i"
  done
  for ((i = 1; i <= 10#$HVC_WORKERS; i++)); do
    wait_until 60 "worker $i" worker_works_or_ended "$i" "${before[i]-}" ||
      fail_service "worker-$i" "worker $i does not announce itself in Redis"
    ! service_ended "worker-$i" || fail_service "worker-$i" "worker $i ended right after its start"
  done
}

surplus_workers() {
  local name
  for name in $(known_workers); do
    ((${name#worker-} <= 10#$HVC_WORKERS)) || echo "$name"
  done
}

worker_changed() {
  local reason
  reason=$(reason_to_restart "worker-$1" "$release/hvc-worker")
  [[ -z $reason ]] || say "worker-$1: $reason, starting it anew"
  [[ -n $reason ]] || ! service_pid "worker-$1" >/dev/null
}

launch_worker() {
  before[$1]=$(worker_seen "$1")
  HVC_WORKER_NAME=$(worker_name "$1") launch "worker-$1" "$(service_settings "worker-$1")" "$release/hvc-worker"
}

# The same for the same worker of this machine at each start, and another on each machine.
worker_name() { echo "$(hostname | tr -c 'A-Za-z0-9.\n' - | cut -c 1-60)-$1"; }

worker_seen() { redis HGET "${HVC_PREFIX}worker:$(worker_name "$1")" seen_at; }

# Its record outlives a worker for a while, so one that was just started must have written a new time.
worker_works_or_ended() {
  local seen
  service_ended "worker-$1" && return
  seen=$(worker_seen "$1")
  [[ -n $seen && $seen != "$2" ]]
}

# Where workers run elsewhere only, they may come later.
wait_until_ready() {
  ((10#$HVC_WORKERS > 0)) || return 0
  wait_until 60 "the API to be ready" gateway_ready ||
    fail "the API is not ready: $(api /readyz 2>&1); see $log_dir/gateway.log"
}

gateway_ready() { api /readyz -f -o /dev/null 2>/dev/null; }
