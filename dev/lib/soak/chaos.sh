# shellcheck shell=bash disable=SC2154 # set by dev/soak and site.sh
# What dies, and how long the installation takes to be well again.

# Kills of each kind, and the processes that wait for recoveries.
declare -A kills=([worker]=0 [gateway]=0 [redis]=0 [libvirtd]=0 [cable]=0)
awaited=()

# Until the load has ended: all kinds in turn, each time in another order.
kill_at_random() {
  local kinds=() said=$SECONDS
  RANDOM=$((seed % 32768))
  while sleep "$every" && kill -0 "$load" 2>/dev/null; do
    ((${#kinds[@]} > 0)) || shuffle worker gateway redis libvirtd cable
    "strike_${kinds[0]}"
    kinds=("${kinds[@]:1}")
    if ((SECONDS - said >= 30)); then
      said=$SECONDS
      say "  … $(pairs_done) of $pairs pairs, $(total_kills) kills"
    fi
  done
  wait "$load" || found "the load: $(grep -v '^[0-9]' "$folder/log/load.log" | head -n 5 | cut -c 1-300)"
  load=''
  say "load: $(tail -n 1 "$folder/log/load.log")"
}

# shuffle WORD…: sets kinds to the words in another order.
shuffle() {
  local words=("$@") pick
  while ((${#words[@]} > 0)); do
    pick=$((RANDOM % ${#words[@]}))
    kinds+=("${words[pick]}")
    words=("${words[@]:0:pick}" "${words[@]:pick+1}")
  done
}

pairs_done() { grep -c '"pair"' "$folder/pairs" 2>/dev/null || true; }

total_kills() {
  local kind total=0
  for kind in "${!kills[@]}"; do total=$((total + kills[$kind])); done
  echo "$total"
}

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# note KIND SINCE_MS COMMAND…: waits until the command succeeds, and notes how long that took.
note() {
  local kind=$1 since=$2 tries=1200
  shift 2
  until "$@"; do
    ((tries-- > 0)) || { echo "$kind never" >>"$folder/recoveries" && return; }
    sleep 0.1
  done
  echo "$kind $(($(now_ms) - since))" >>"$folder/recoveries"
}

# await KIND SINCE_MS COMMAND…: the same in the background.
await() {
  note "$@" </dev/null >/dev/null 2>&1 &
  awaited+=($!)
}

struck() { kills[$1]=$((kills[$1] + 1)) && say "  kill: $2"; }

strike_worker() {
  local i=$((RANDOM % workers + 1)) since
  since=$(now_ms)
  struck worker "worker $i"
  kill_part "worker-$i"
  start_worker "$i"
  await worker "$since" worker_is_at_work "$(log_of "worker-$i")"
}

strike_gateway() {
  local since
  since=$(now_ms)
  struck gateway gateway
  kill_part gateway
  start_gateway
  await gateway "$since" gateway_is_ready
}

strike_redis() {
  local since
  since=$(now_ms)
  struck redis redis-server
  kill_part redis
  launch_redis
  await redis "$since" gateway_is_ready
}

strike_libvirtd() {
  local i=$((RANDOM % hosts + 1)) since seen
  since=$(now_ms)
  is_plugged "$i" || return 0
  struck libvirtd "libvirtd of host $i"
  seen=$(measured_at "$(pm_of_host "$i")")
  on_host libvirtd "$i" kill
  on_host libvirtd "$i" start
  await libvirtd "$since" pm_was_seen_up "$(pm_of_host "$i")" "$seen"
}

# Pulled for 1 to 15 s: TCP lives through a short time, keepalives give up in a longer one.
strike_cable() {
  local i=$((RANDOM % hosts + 1)) time=$((RANDOM % 15 + 1))
  is_plugged "$i" || return 0
  struck cable "cable of host $i, for $time s"
  touch "$folder/busy/cable-$i"
  on_host cut "$i"
  plug_after "$time" "$i" </dev/null &
  awaited+=($!)
}

plug_after() {
  local since seen
  sleep "$1"
  on_host heal "$2"
  rm "$folder/busy/cable-$2"
  since=$(now_ms)
  seen=$(measured_at "$(pm_of_host "$2")")
  note cable "$since" pm_was_seen_up "$(pm_of_host "$2")" "$seen"
}

is_plugged() { [[ ! -e $folder/busy/cable-$1 ]]; }

on_host() { "$root/dev/hosts" "$@" >>"$folder/log/hosts.log" 2>&1 || say "  dev/hosts $* failed; see $folder/log/hosts.log"; }
