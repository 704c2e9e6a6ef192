# shellcheck shell=bash disable=SC2154 # folder, var, release, rounds, seconds and gateway_url are set by run and the pieces
# /vm/query: the gateway against a bare Hummingbird route and against Flask, all doing the same HMGET on the same Redis.
#
# 64 callers that stay connected (wrk), in rounds that take turns. The gateway runs as shipped, so it writes its access log;
# Flask's own server writes one too, the bare route and gunicorn do not.

callers=64

prepare_query() {
  build_helper BareRoute
  make_venv
}

measure_query() {
  local name round port
  local -A targets=()
  start_empty_redis
  write_vm 1
  start_query_servers
  for name in gateway bare flask gunicorn; do
    ready "$name" port_of "$name"
    port=$(port_of "$name")
    targets[$name]="http://127.0.0.1:$port/vm/query?vmid=1"
    ready "$name" answers_alike "${targets[$name]}"
    load_query 1 "${targets[$name]}" >/dev/null
  done
  for ((round = 1; round <= rounds; round++)); do
    say "query: round $round of $rounds"
    for name in gateway bare flask gunicorn; do
      load_query "$seconds" "${targets[$name]}" >>"$folder/query-$name"
    done
  done
  stop gateway bare flask gunicorn redis
  report_query
}

start_query_servers() {
  local python=$var/bench-venv/bin app=$root/Benchmarks/flask
  start_gateway
  start bare "$release/BareRoute" "$HVC_REDIS_URL"
  REDIS_SOCKET=$folder/redis/redis.sock start flask "$python/python" "$app/app.py"
  REDIS_SOCKET=$folder/redis/redis.sock start gunicorn \
    "$python/gunicorn" --chdir "$app" --no-control-socket --bind 127.0.0.1:0 --workers "$(nproc)" --threads $((callers / 2)) app:app
}

answers_alike() { [[ $(curl -s "$1") == '{"vmid":1,"name":"web","instance_type":1,"pmid":1}' ]]; }

# load_query SECONDS URL: prints requests a second, and the median and 99th percentile of latency in ms.
load_query() {
  wrk -t 1 -c "$callers" -d "$1" --latency "$2" >"$folder/wrk.log"
  ! grep -q 'Non-2xx' "$folder/wrk.log" || fail "$2 answered with errors: $(grep 'Non-2xx' "$folder/wrk.log")"
  awk '
    function ms(text) {
      if (text ~ /us$/) return text / 1000
      if (text ~ /ms$/) return text + 0
      return text * (text ~ /m$/ ? 60000 : 1000)
    }
    $1 == "50%" { median = ms($2) }
    $1 == "99%" { high = ms($2) }
    $1 == "Requests/sec:" { rate = $2 }
    END { print rate, median, high }' "$folder/wrk.log"
}

report_query() {
  local name
  local -A title=([gateway]=gateway [bare]='bare route' [flask]="Flask's own server" [gunicorn]='Flask in gunicorn')
  local -A rates=()
  for name in gateway bare flask gunicorn; do
    rates[$name]=$(cut -d' ' -f1 "$folder/query-$name" | quantile 0.5)
    figure query "${title[$name]}, requests" "${rates[$name]}" 1/s
    figure query "${title[$name]}, latency, median" "$(cut -d' ' -f2 "$folder/query-$name" | quantile 0.5)" ms
    figure query "${title[$name]}, latency, p99" "$(cut -d' ' -f3 "$folder/query-$name" | quantile 0.5)" ms
  done
  figure query "gateway to bare route" "$(calculate "${rates[gateway]} / ${rates[bare]}")" ratio '>= 0.8'
  figure query "gateway to Flask's own server" "$(calculate "${rates[gateway]} / ${rates[flask]}")" ratio '>= 10'
  figure query "gateway to Flask in gunicorn" "$(calculate "${rates[gateway]} / ${rates[gunicorn]}")" ratio
}
