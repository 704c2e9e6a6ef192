# shellcheck shell=bash disable=SC2154 # root, folder, hosts, workers and programs are set by dev/soak
# The installation: its parts are started, killed, and started anew.

# A crash of ours is reported with its stack, where the toolchain's program for that is there.
export SWIFT_BACKTRACE=${SWIFT_BACKTRACE:-enable=yes,color=no,interactive=no}

start_parts() {
  api_port=$(free_port)
  readonly api_port
  "$root/dev/hosts" up "$hosts" --spec 16:16384 --owner $$ >"$folder/log/hosts.log" 2>&1 || fail "$(cat "$folder/log/hosts.log")"
  write_files
  start_redis
  start_gateway
  ready gateway gateway_answers
  local i
  for ((i = 1; i <= workers; i++)); do start_worker "$i"; done
  for ((i = 1; i <= hosts * 2; i++)); do
    wait_until 60 "PM $i" pm_is_up "$i" || fail "PM $i is not up: $(redis HGET "hvc:pm:$i" reason)"
  done
}

# A port below those that the system gives to outgoing connections.
free_port() {
  local candidate
  while :; do
    candidate=$((10000 + RANDOM % 22000))
    (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null || break
  done
  echo "$candidate"
}

write_files() {
  local i address
  for ((i = 1; i <= hosts; i++)); do
    address=$("$root/dev/hosts" address "$i")
    echo "$address overcommit_cpu=8 network=$(hosts_network)"
    echo "test+ssh://$address/default overcommit_cpu=50 overcommit_ram=9 overcommit_disk=9"
  done >"$folder/files/pms"
  write_halt_image "$folder/files/halt.img"
  echo "$folder/files/halt.img" >"$folder/files/images"
  echo '{"types": [{"cpu": 1, "ram": 64, "disk": 1}]}' >"$folder/files/types"
}

start_gateway() {
  HVC_HOST=127.0.0.1 HVC_PORT=$api_port HVC_WAIT=30 \
    start gateway "$programs/hvc-gateway"
}

# Short leases and periods: what a fault costs is waited out many times.
start_worker() {
  PATH=$HVC_HOSTS_DIR/bin:$PATH HVC_WORKER_NAME=soak-$1 HVC_LEASE=5 \
    HVC_DISCOVERY_PERIOD=2 HVC_PM_FILE=$folder/files/pms HVC_IMAGE_FILE=$folder/files/images \
    HVC_FLAVOR_FILE=$folder/files/types start "worker-$1" "$programs/hvc-worker"
}

# kill_part NAME: SIGKILL, and waits for its end. One that has ended before had no reason to.
kill_part() {
  local status=0
  kill -9 "${pids[$1]}" 2>/dev/null || true
  { wait "${pids[$1]}" || status=$?; } 2>/dev/null
  ((status == 128 + 9)) || found "$1 ended by itself with status $status; see $(log_of "$1")"
}

gateway_answers() { curl -fsS --noproxy '*' --max-time 5 -o /dev/null "http://127.0.0.1:$api_port/healthz" 2>/dev/null; }

gateway_is_ready() { curl -fsS --noproxy '*' --max-time 5 -o /dev/null "http://127.0.0.1:$api_port/readyz" 2>/dev/null; }

worker_is_at_work() { grep -q 'at work' "$1"; }

pm_is_up() { [[ $(redis HGET "hvc:pm:$1" state) == up ]]; }

# When a PM was measured last; asks again while Redis is away.
measured_at() {
  local time
  until time=$(redis HGET "hvc:pm:$1" measured_at) && [[ $time == 2* ]]; do sleep 0.1; done
  echo "$time"
}

# pm_was_seen_up PM SINCE: it was measured since, and is up.
pm_was_seen_up() { pm_is_up "$1" && [[ $(measured_at "$1") != "$2" ]]; }

# The host's two PMs.
pm_of_host() { echo $((($1 - 1) * 2 + 1)); }

# All must still run that were not killed.
check_parts() {
  local name
  for name in "${!pids[@]}"; do
    kill -0 "${pids[$name]}" 2>/dev/null || kill_part "$name"
  done
}

stop_parts() {
  local name
  for name in "${!pids[@]}"; do kill -9 "${pids[$name]}" 2>/dev/null || true; done
  for name in "${!pids[@]}"; do wait "${pids[$name]}" 2>/dev/null || true; done
}

keep_host_logs() {
  local i
  for ((i = 1; i <= hosts; i++)); do
    cp "$HVC_HOSTS_DIR/h$i/libvirt-log/libvirtd.log" "$folder/log/libvirtd-$i.log" 2>/dev/null || true
  done
}

clean_up() {
  local status=$1
  trap - EXIT
  [[ -n ${folder:-} ]] || exit "$status"
  if [[ -n $stay ]] && ((status == 1)); then
    say "all is left running: export HVC_HOSTS_DIR=$HVC_HOSTS_DIR; redis-cli -s $folder/redis/redis.sock"
    sleep infinity || true
  fi
  [[ -z ${load:-} ]] || kill -9 "$load" 2>/dev/null || true
  stop_parts
  keep_host_logs
  "$root/dev/hosts" down >>"$folder/log/hosts.log" 2>&1 || { say "the hosts do not go: see $folder/log/hosts.log" && status=1; }
  if ((status == 0)); then rm -rf "$folder"; else say "ended with status $status; files are left in $folder"; fi
  exit "$status"
}
