# shellcheck shell=bash
# What the scripts say while they work. Every line starts with the seconds since the script began.

say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }

fail() {
  printf '%4d s  FAILED: %s\n' "$SECONDS" "$*" >&2
  exit 1
}

# A path as a person may type it in a shell.
quoted() { printf '%q' "$1"; }

# Prints the header comment of the script that was called.
usage() { sed -n '2,/^set -e/{/^# shellcheck/d;/^#/s/^# \{0,1\}//p}' "$0"; }

# long TITLE LOG COMMAND…: runs a command that takes a while, with its output in LOG. Says every 10 s that it goes on and
# what it wrote last; on failure shows the end of the log and ends the script.
long() {
  local title=$1 log=$2 began=$SECONDS child status=0 traps
  shift 2
  mkdir -p "$(dirname "$log")"
  say "$title …"
  "$@" >"$log" 2>&1 </dev/null &
  child=$!
  traps=$(trap -p INT TERM)
  # shellcheck disable=SC2064 # this child, now
  trap "kill $child 2>/dev/null; exit 130" INT TERM
  tell_progress "$child" "$log" "$began"
  wait "$child" || status=$?
  trap - INT TERM
  eval "$traps"
  if ((status != 0)); then
    say "$title: ended with status $status; its output ends with:"
    tail -n 25 "$log" | sed 's/^/        | /' >&2
    fail "$title; all of its output is in $log"
  fi
  say "$title: done in $((SECONDS - began)) s"
}

tell_progress() {
  local child=$1 log=$2 said=$3
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    ((SECONDS - said >= 10)) || continue
    said=$SECONDS
    say "  … $(tail -c 300 "$log" | tr '\r' '\n' | grep -av '^[[:space:]]*$' | tail -n 1 | cut -c 1-100)"
  done
}

# wait_until SECONDS TITLE COMMAND…: tries a command until it succeeds; says every 5 s that it still waits.
wait_until() {
  local limit=$1 title=$2 began=$SECONDS said=$SECONDS
  shift 2
  until "$@"; do
    ((SECONDS - began < limit)) || return 1
    if ((SECONDS - said >= 5)); then
      said=$SECONDS
      say "  … still waiting for $title ($((SECONDS - began)) of at most $limit s)"
    fi
    sleep 0.05
  done
}
