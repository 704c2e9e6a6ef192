# shellcheck shell=bash disable=SC2154 # work is set by run
# Processes of this run, by name. Each is a child of ours, so its number is its own until we have waited for it.

declare -A pids=()

# start NAME COMMAND…: its output goes to $work/NAME.log. Descriptor 3 is where results go.
start() {
  local name=$1
  shift
  "$@" </dev/null >"$work/$name.log" 2>&1 3>&- &
  pids[$name]=$!
}

# ready NAME COMMAND…: waits until the command succeeds; fails with the end of NAME's log where it does not or NAME ends.
ready() {
  local name=$1
  shift
  wait_until 60 "$name" ended_or "$name" "$@" || fail "$name is not ready within a minute"
  runs "$name" && return
  tail -n 15 "$work/$name.log" | sed 's/^/        | /' >&2
  fail "$name ended right after its start"
}

ended_or() { ! runs "$1" || "${@:2}" >/dev/null 2>&1; }

runs() { [[ $(ps -o stat= -p "${pids[$1]}") == [^Z]* ]]; }

# port_of NAME: the port of 127.0.0.1 that it says to listen on.
port_of() { grep -aom1 '127\.0\.0\.1:[0-9]*' "$work/$1.log" | cut -d: -f2; }

# stop NAME…: asks each in turn to end, and kills what has not within 5 s.
stop() {
  local name
  for name in "$@"; do
    [[ -n ${pids[$name]:-} ]] || continue
    kill -TERM "${pids[$name]}" 2>/dev/null || true
    wait_until 5 "$name to end" ended "$name" || kill -KILL "${pids[$name]}"
    wait "${pids[$name]}" 2>/dev/null || true
    unset "pids[$name]"
  done
}

ended() { ! runs "$1"; }

# Callers before what they stand on.
stop_all() { stop flask gunicorn bare gateway worker libvirtd redis "${!pids[@]}"; }
