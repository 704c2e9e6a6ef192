# shellcheck shell=bash disable=SC2154 # root, var, log_dir and release are set by settings.sh
# Redis, the gateway and the workers: all of the control plane.

start_everything() {
  [[ -x $release/hvc-gateway && -x $release/hvc-worker ]] || fail "the programs are not built; run: bash $root/bin/install.sh"
  check_files
  lock_services
  ensure_redis
  start_gateway
  start_workers
  stop_surplus_workers
}

check_files() {
  local name
  for name in HVC_PM_FILE HVC_IMAGE_FILE HVC_FLAVOR_FILE; do
    [[ -n ${!name:-} ]] || fail "$name is not set and nothing was installed yet; run: bash $root/bin/install.sh"
    [[ -r ${!name} ]] || fail "$name=${!name}: there is no such file, or it cannot be read"
  done
}

start_gateway() {
  service_pid gateway >/dev/null || check_port_free
  start_service gateway "$release/hvc-gateway"
  wait_until 30 "the gateway" gateway_ready_or_gone || fail "the gateway is not ready: $(api /readyz 2>&1); see $log_dir/gateway.log"
  service_or_fail gateway
}

gateway_ready_or_gone() { ! service_pid gateway >/dev/null || api /readyz -f -o /dev/null 2>/dev/null; }

check_port_free() {
  local host
  host=$(api_url) host=${host#http://} host=${host%:*} host=${host#[} host=${host%]}
  (exec 3<>"/dev/tcp/$host/$HVC_PORT") 2>/dev/null || return 0
  fail "port $HVC_PORT of $host is taken by: $(ss -ltnpH "sport = :$HVC_PORT" | awk '{print $4, $6}' | paste -sd' ')." \
    "Stop that, or choose another: HVC_PORT=8081 bash $0"
}

start_workers() {
  local i pid before=()
  for ((i = 1; i <= 10#$HVC_WORKERS; i++)); do
    before[i]=$(worker_seen "$i")
    pid=$(service_pid "worker-$i") || pid=none
    HVC_WORKER_NAME=$(worker_name "$i") start_service "worker-$i" "$release/hvc-worker"
    [[ $(service_pid "worker-$i") != "$pid" ]] || before[i]=''
  done
  for ((i = 1; i <= 10#$HVC_WORKERS; i++)); do
    wait_until 60 "worker $i" worker_seen_or_gone "$i" "${before[i]}" ||
      fail "worker $i does not announce itself in Redis; see $log_dir/worker-$i.log"
    service_or_fail "worker-$i"
  done
}

# The same for the same worker of this machine at each start, and another on each machine.
worker_name() { echo "$(hostname | tr -c 'A-Za-z0-9.\n' - | cut -c 1-60)-$1"; }

worker_seen() { redis HGET "${HVC_PREFIX}worker:$(worker_name "$1")" seen_at; }

# Its record outlives a worker for a while, so one that was just started must have written a new time.
worker_seen_or_gone() {
  local seen
  service_pid "worker-$1" >/dev/null || return 0
  seen=$(worker_seen "$1")
  [[ -n $seen && $seen != "$2" ]]
}

stop_surplus_workers() {
  local name surplus=()
  for name in $(known_workers); do
    ((${name#worker-} <= 10#$HVC_WORKERS)) || surplus+=("$name")
  done
  ((${#surplus[@]} == 0)) || end_services "${surplus[@]}" || fail "too many workers run; see above"
}

print_summary() {
  local folder
  printf -v folder '%q' "$root"
  cat <<END

Hypervisor-Coordinator runs.
  API      $(api_url)     try: curl $(api_url)/pm/list
  Workers  $HVC_WORKERS
  Redis    ${SUDO_USER:+sudo }$(redis_line)
  Logs     $folder/var/log
  Stop     bash $folder/bin/down.sh     (VMs and data stay)
  Start    bash $folder/bin/up.sh       (more workers: HVC_WORKERS=4 bash $folder/bin/up.sh)
END
}
