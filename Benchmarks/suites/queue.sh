# shellcheck shell=bash disable=SC2154 # folder, release, rounds and seconds are set by run and the pieces
# From enqueue to start: a client that calls the enqueue script 200 times a second and follows the event stream.
#
# One worker with 256 slots on the test driver within its own process, so that what runs there costs little. Times are
# those of the client's clock, from before the call to the arrival of `job.started`.

prepare_queue() { build_helper EnqueueToStart; }

measure_queue() {
  local round count=$((seconds * 200))
  start_empty_redis
  start_worker test:///default
  enqueue 200 >/dev/null
  settle
  for ((round = 1; round <= rounds; round++)); do
    say "queue: round $round of $rounds, $count jobs"
    enqueue "$count" >>"$folder/queue"
    settle
  done
  stop worker redis
  figure queue "enqueue to start, median" "$(milliseconds 1 | quantile 0.5)" ms '<= 1.5'
  figure queue "enqueue to start, p99" "$(milliseconds 1 | quantile 0.99)" ms
  figure queue "of these the enqueue script, median" "$(milliseconds 2 | quantile 0.5)" ms
  figure queue "of these the enqueue script, p99" "$(milliseconds 2 | quantile 0.99)" ms
}

# enqueue JOBS: all VMs are gone again when it ends.
enqueue() {
  "$release/EnqueueToStart" "$HVC_REDIS_URL" 200 "$1" 2>"$folder/enqueue.log" || fail "$(tail -n 3 "$folder/enqueue.log")"
}

milliseconds() { awk -v field="$1" '{ print $field * 1000 }' "$folder/queue"; }
