# shellcheck shell=bash disable=SC2154 # run_dir and log_dir are set by settings.sh
# Processes in the background: NAME.pid holds the process number, NAME.state when it started and with what settings.
# A number is believed only when the process behind it started at that time.

# service_pid NAME: prints the number of the running process; fails when there is none.
service_pid() {
  local pid born
  { read -r pid <"$run_dir/$1.pid" && read -r born _ <"$run_dir/$1.state"; } 2>/dev/null || return 1
  [[ $pid =~ ^[0-9]+$ && $(start_time "$pid") == "$born" ]] && echo "$pid"
}

# Start of a process in clock ticks since boot; nothing for one that has ended, reaped or not.
start_time() {
  local line fields
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
  read -ra fields <<<"${line##*) }"
  [[ ${fields[0]} == Z ]] || echo "${fields[19]}"
}

# One line that changes with the service's arguments, its HVC_ settings and, for workers, what stands in their files.
service_settings() {
  local service=$1 name
  {
    printf '%s\n' "${@:2}"
    for name in $(setting_names | grep -vx HVC_WORKERS); do printf '%s=%s\n' "$name" "${!name}"; done
    [[ $service != worker-* ]] || cat "$HVC_PM_FILE" "$HVC_IMAGE_FILE" "$HVC_FLAVOR_FILE"
  } | sha256sum | cut -d' ' -f1
}

# start_service NAME PROGRAM ARGUMENT…: leaves a running one alone unless its program or settings have changed.
start_service() {
  local name=$1 program=$2 settings pid running_with
  shift
  settings=$(service_settings "$name" "$@")
  if pid=$(service_pid "$name"); then
    read -r _ running_with <"$run_dir/$name.state"
    if [[ ! /proc/$pid/exe -ef $program ]]; then
      say "$name: the program has changed, starting it anew"
    elif [[ $running_with != "$settings" ]]; then
      say "$name: its settings or files have changed, starting it anew"
    else
      say "$name: runs already (process $pid)"
      return
    fi
    end_services "$name" || fail "$name still runs the old program; see above"
  fi
  launch "$name" "$settings" "$@"
}

# Descriptor 9 is the lock of the script, which the service must not keep.
launch() {
  local name=$1 settings=$2 pid
  shift 2
  mkdir -p "$run_dir" "$log_dir"
  setsid "$@" </dev/null >>"$log_dir/$name.log" 2>&1 9>&- &
  pid=$!
  echo "$(start_time "$pid") $settings" >"$run_dir/$name.state"
  echo "$pid" >"$run_dir/$name.pid"
  say "$name: started (process $pid, log $log_dir/$name.log)"
}

# service_or_fail NAME: ends the script with the end of the log when the service has ended.
service_or_fail() {
  service_pid "$1" >/dev/null && return
  tail -n 15 "$log_dir/$1.log" | sed 's/^/        | /' >&2
  fail "$1 ended right after its start; see $log_dir/$1.log"
}

# end_services NAME…: asks all at once to stop, then waits for each. Never kills: work under way would be cut off.
end_services() {
  local name pid limit=$((10#${HVC_GRACE%%.*} + 11)) status=0
  local -A asked=()
  for name in "$@"; do
    if pid=$(service_pid "$name"); then
      asked[$name]=$pid
      kill -TERM "$pid"
    fi
  done
  for name in "$@"; do
    pid=${asked[$name]:-}
    if [[ -n $pid ]] && ! wait_until "$limit" "$name to finish its work" service_gone "$name"; then
      say "$name: process $pid has not stopped within $limit s; if you must: kill -9 $pid"
      status=1
      continue
    fi
    [[ -z $pid ]] || say "$name: stopped"
    forget_service "$name"
  done
  return "$status"
}

service_gone() { ! service_pid "$1" >/dev/null; }

forget_service() { rm -f "$run_dir/$1.pid" "$run_dir/$1.state"; }

# Names of the workers that have a pid file, running or not.
known_workers() {
  local file
  for file in "$run_dir"/worker-*.pid; do
    [[ ! -e $file ]] || basename "$file" .pid
  done | sort -V
}

# One up.sh or down.sh at a time.
lock_services() {
  mkdir -p "$run_dir"
  exec 9>"$run_dir/lock"
  flock -n 9 && return
  say "another start or stop is under way; waiting for it"
  flock -w 180 9 || fail "another bin/up.sh or bin/down.sh has been at work for three minutes"
}
