#!/usr/bin/env bash
# Keeps one program of the installation running: starts it again when it ends, a little later each time, and gives up when
# it ends too often. launch (services.sh) starts this; it stops at SIGTERM, once the program has stopped.
#
# Usage: supervise.sh NAME SETTINGS PROGRAM [ARGUMENT…]
# shellcheck disable=SC2154 # folders are set by settings.sh
set -uo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for piece in say settings services; do
  # shellcheck disable=SC1090 # a file of this folder
  source "$lib/$piece.sh"
done

# Five restarts come within about half a minute where the program ends at once.
readonly most_restarts=5 window=600 longest_delay=30
child='' stopping=''

time_now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

note() { echo "$(time_now) $1 supervisor: $2"; }

# shellcheck disable=SC2317 # a trap calls it
stop() {
  stopping=yes
  [[ -z $child ]] || kill -TERM "$child" 2>/dev/null
}

# A wait ends early when a signal comes. What bash itself says of a killed program is said better below.
wait_for_child() {
  local status
  while :; do
    { wait "$child"; } 2>/dev/null
    status=$?
    [[ -n $(start_time "$child") ]] || return "$status"
  done
}

how_it_ended() { if (($1 > 128)); then echo "was killed by signal $(($1 - 128))"; else echo "ended with status $1"; fi; }

supervise() {
  local name=$1 settings=$2 status now delay=1 end ends=() recent
  shift 2
  while :; do
    "$@" &
    child=$!
    record_program "$name" "$child" "$settings"
    # A signal between the two lines before found no child to hand it to.
    [[ -z $stopping ]] || kill -TERM "$child" 2>/dev/null
    wait_for_child
    status=$? child=''
    [[ -z $stopping ]] || return 0
    printf -v now '%(%s)T' -1
    recent=()
    for end in ${ends[@]+"${ends[@]}"}; do ((now - end >= window)) || recent+=("$end"); done
    ends=(${recent[@]+"${recent[@]}"} "$now")
    ((${#ends[@]} > 1)) || delay=1
    echo "$(time_now) it $(how_it_ended "$status")" >>"$run_dir/$name.ends"
    if ((${#ends[@]} > most_restarts)); then
      echo "gave up: $name ended ${#ends[@]} times within $((window / 60)) minutes, the last time it $(how_it_ended "$status")" \
        >>"$run_dir/$name.ends"
      note critical "$(tail -n 1 "$run_dir/$name.ends"); bin/up.sh starts it again"
      return 1
    fi
    note error "$name $(how_it_ended "$status"); starting it again in $delay s"
    sleep "$delay" &
    child=$!
    wait "$child"
    child=''
    [[ -z $stopping ]] || return 0
    delay=$((2 * delay < longest_delay ? 2 * delay : longest_delay))
  done
}

main() {
  trap stop TERM
  # Neither a closed terminal nor Ctrl-C ends what bin/up.sh started; the program gets the signals' own meaning.
  trap : HUP INT
  supervise "$@"
}

main "$@"
exit
