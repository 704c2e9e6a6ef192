# shellcheck shell=bash disable=SC2154 # lib, var, run_dir and log_dir are set by settings.sh and the scripts
# Programs in the background, each under a supervisor (supervise.sh) that starts it again when it ends. In var/run,
# NAME.pid holds the program's process number, NAME.state when it started and with what settings, NAME.supervisor the
# supervisor's number and start, NAME.ends how the program ended since it was launched, a line each end.
# A number is believed only when the process behind it started at that time.

# Names of what this run has launched, each between blanks.
launched=''

# service_pid NAME: prints the number of the running program; fails when there is none.
service_pid() {
  local pid born
  { read -r pid <"$run_dir/$1.pid" && read -r born _ <"$run_dir/$1.state"; } 2>/dev/null || return 1
  is_process "$pid" "$born" && echo "$pid"
}

supervisor_pid() {
  local pid born
  { read -r pid born <"$run_dir/$1.supervisor"; } 2>/dev/null || return 1
  is_process "$pid" "$born" && echo "$pid"
}

is_process() { [[ $1 =~ ^[0-9]+$ && -n $2 && $(start_time "$1") == "$2" ]]; }

# Start of a process in clock ticks since boot; nothing for one that has ended, reaped or not.
start_time() {
  local line fields
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
  read -ra fields <<<"${line##*) }"
  [[ ${fields[0]} == Z ]] || echo "${fields[19]}"
}

record_program() {
  echo "$(start_time "$2") $3" >"$run_dir/$1.state"
  echo "$2" >"$run_dir/$1.pid"
}

# The program has ended since it was launched, and has not been started again yet.
service_ended() { [[ -s $run_dir/$1.ends ]] && ! service_pid "$1" >/dev/null; }

service_started() { service_pid "$1" >/dev/null || service_ended "$1"; }

service_gone() { ! service_pid "$1" >/dev/null && ! supervisor_pid "$1" >/dev/null; }

# One line that changes with the service's HVC_ settings and what stands in their files.
service_settings() {
  local service=$1 name
  {
    for name in $(setting_names | grep -vx HVC_WORKERS); do
      printf '%s=%s\n' "$name" "${!name}"
      case $name in
        HVC_PM_FILE | HVC_IMAGE_FILE | HVC_FLAVOR_FILE | HVC_NETWORKS_FILE) [[ $service == worker-* ]] || continue ;;
        HVC_*_FILE) ;;
        *) continue ;;
      esac
      [[ ! -r ${!name} ]] || cat "${!name}"
    done
  } | sha256sum | cut -d' ' -f1
}

# reason_to_restart NAME PROGRAM: prints why what runs cannot go on as it is; nothing where it can.
reason_to_restart() {
  local name=$1 program=$2 pid running_with
  if ! supervisor_pid "$name" >/dev/null; then
    if ! service_gone "$name"; then
      echo "it runs without its supervisor"
    elif [[ $(tail -n 1 "$run_dir/$name.ends" 2>/dev/null) == 'gave up'* ]]; then
      echo "its supervisor $(tail -n 1 "$run_dir/$name.ends")"
    fi
  elif ! pid=$(service_pid "$name"); then
    echo "it has ended"
  elif [[ ! /proc/$pid/exe -ef $program ]]; then
    echo "the program has changed"
  else
    read -r _ running_with <"$run_dir/$name.state"
    [[ $running_with == "$(service_settings "$name")" ]] || echo "its settings or files have changed"
  fi
}

# launch NAME SETTINGS PROGRAM ARGUMENT…: descriptor 9 is the lock of the script, which the service must not keep.
launch() {
  local name=$1 settings=$2 pid
  shift 2
  mkdir -p "$log_dir"
  forget_service "$name"
  launched+=" $name "
  setsid bash "$lib/supervise.sh" "$name" "$settings" "$@" </dev/null >>"$log_dir/$name.log" 2>&1 9>&- &
  pid=$!
  echo "$pid $(start_time "$pid")" >"$run_dir/$name.supervisor"
  wait_until 10 "$name to start" service_started "$name" || fail "$name does not start; see $log_dir/$name.log"
  say "$name: started (process $(service_pid "$name" || echo "that has ended"), log $log_dir/$name.log)"
}

# fail_service NAME REASON: shows the end of its log, and ends it where this run has launched it, so that it is not started
# on and on.
fail_service() {
  tail -n 15 "$log_dir/$1.log" | sed 's/^/        | /' >&2
  [[ $launched != *" $1 "* ]] || end_services "$1" || true
  fail "$2; see $log_dir/$1.log"
}

# end_services NAME…: asks all at once to stop, then waits for each. Never kills: work under way would be cut off.
end_services() {
  local name pid limit=$((10#${HVC_GRACE%%.*} + 11)) status=0 asked=()
  for name in "$@"; do
    if pid=$(supervisor_pid "$name") || pid=$(service_pid "$name"); then
      asked+=("$name")
      kill -TERM "$pid" 2>/dev/null || true
    else
      forget_service "$name"
    fi
  done
  for name in ${asked[@]+"${asked[@]}"}; do
    if wait_until "$limit" "$name to finish its work" service_gone "$name"; then
      say "$name: stopped"
      forget_service "$name"
    else
      pid=$(service_pid "$name") || pid='?'
      say "$name: process $pid has not stopped within $limit s; if you must: kill -9 $pid"
      status=1
    fi
  done
  return "$status"
}

forget_service() { rm -f "$run_dir/$1".{pid,state,supervisor,ends}; }

# Names of the workers that were launched, running or not.
known_workers() {
  local file
  for file in "$run_dir"/worker-*.supervisor "$run_dir"/worker-*.pid; do
    [[ ! -e $file ]] || basename "${file%.*}"
  done | sort -uV
}

# One up.sh or down.sh at a time. The lock is ours alone: who can open it, even only for reading, can hold it.
lock_services() {
  mkdir -p "$var"
  (umask 077 && mkdir -p "$run_dir")
  chmod 700 "$run_dir"
  if [[ -e $run_dir/lock && $(stat -c %a "$run_dir/lock") != 600 ]]; then rm -f "$run_dir/lock"; fi
  (umask 077 && : >>"$run_dir/lock")
  exec 9>"$run_dir/lock"
  flock -n 9 && return
  say "another start or stop is under way; waiting for it"
  flock -w 180 9 || fail "another bin/up.sh or bin/down.sh has been at work for three minutes"
}
