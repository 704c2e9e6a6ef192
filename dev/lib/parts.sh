# shellcheck shell=bash disable=SC2154 # folder is set by the script
# The programs that a script starts for itself, by name. Each is a child of the script, so its number is its own until the
# script has waited for it.

declare -A pids=() starts=()

# start NAME COMMAND…: each start has a log of its own. Descriptor 3 is where a script's results go.
start() {
  local name=$1
  shift
  starts[$name]=$((${starts[$name]:-0} + 1))
  mkdir -p "$folder/log"
  "$@" </dev/null >"$(log_of "$name")" 2>&1 3>&- &
  pids[$name]=$!
}

# log_of NAME: that of its last start.
log_of() { echo "$folder/log/$1.${starts[$1]}.log"; }

# ready NAME COMMAND…: waits until the command succeeds; fails with the end of NAME's log where it does not or NAME ends.
ready() {
  local name=$1
  shift
  wait_until 60 "$name" ended_or "$name" "$@" || fail "$name is not ready within a minute"
  runs "$name" && return
  tail -n 15 "$(log_of "$name")" | sed 's/^/        | /' >&2
  fail "$name ended right after its start"
}

ended_or() { ! runs "$1" || "${@:2}" >/dev/null 2>&1; }

runs() { [[ $(ps -o stat= -p "${pids[$1]}") == [^Z]* ]]; }

ended() { ! runs "$1"; }

# port_of NAME: the port of 127.0.0.1 that it says to listen on.
port_of() { grep -aom1 '127\.0\.0\.1:[0-9]*' "$(log_of "$1")" | cut -d: -f2; }

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
