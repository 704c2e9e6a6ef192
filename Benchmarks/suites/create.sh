# shellcheck shell=bash disable=SC2154 # folder, rounds and seconds are set by run
# A create through gateway and worker, against a C loop on the test driver of one libvirtd: one that looks before each act, and
# one that makes the calls that the worker makes.
#
# The C loop also runs with libvirt's event loop, which the worker needs to notice machines that died, for information. The
# caller of the gateway is curl on connections that it keeps; its time is that of the whole answer. Rounds take turns.

prepare_create() { build_bare_create; }

measure_create() {
  local round count=$((seconds * 40)) at_once
  start_empty_redis
  start_libvirtd
  start_gateway
  start_worker "$(test_uri)"
  create_vms 20 4 >/dev/null
  destroy_vms
  for ((round = 1; round <= rounds; round++)); do
    say "create: round $round of $rounds, $count VMs each way"
    for at_once in 1 4; do
      create_vms "$count" "$at_once" >>"$folder/create-ours-$at_once"
      destroy_vms
      "$folder/create" "$(test_uri)" "$count" "$at_once" >>"$folder/create-bare-$at_once"
      "$folder/create" "$(test_uri)" "$count" "$at_once" act-first >>"$folder/create-same-$at_once"
      "$folder/create" "$(test_uri)" "$count" "$at_once" act-first event-loop >>"$folder/create-events-$at_once"
    done
  done
  stop gateway worker libvirtd redis
  report_create
}

# times SIDE AT_ONCE: ms, one a line.
times() { awk '$1 != "rate" { print $1 * 1000 }' "$folder/create-$1-$2"; }

# rate SIDE AT_ONCE: the median of the rounds.
rate() { awk '$1 == "rate" { print $2 }' "$folder/create-$1-$2" | quantile 0.5; }

report_create() {
  local side at_once
  local -A title=([ours]='gateway and worker' [bare]='C loop that looks first' [same]='C loop with our calls'
    [events]='C loop with our calls and event loop')
  for at_once in 1 4; do
    for side in ours bare same events; do
      figure create "${title[$side]}, $at_once at once, latency, median" "$(times $side $at_once | quantile 0.5)" ms
      figure create "${title[$side]}, $at_once at once, latency, p99" "$(times $side $at_once | quantile 0.99)" ms
      figure create "${title[$side]}, $at_once at once, creates" "$(rate $side $at_once)" 1/s
    done
  done
  figure create "added at the median, 1 at once" \
    "$(calculate "$(times ours 1 | quantile 0.5) - $(times bare 1 | quantile 0.5)")" ms '<= 3'
  figure create "added to our calls at the median, 1 at once" \
    "$(calculate "$(times ours 1 | quantile 0.5) - $(times same 1 | quantile 0.5)")" ms
  figure create "rate to that of the C loop, 4 at once" "$(calculate "$(rate ours 4) / $(rate bare 4)")" ratio '>= 1'
  figure create "rate to that of our calls, 4 at once" "$(calculate "$(rate ours 4) / $(rate same 4)")" ratio
}
