# shellcheck shell=bash disable=SC2154 # folder, release, rounds, seconds and gateway_url are set by run and the pieces
# Lists: GET /v1/vms/{id} beside redis-benchmark, which reads the same record; a page of 100 of 1,000 and of 100,000 VMs, the
# first one, one in the middle, and one of a search, beside redis-benchmark, which reads a hundred records at once. Pages are to
# cost the same.

readonly list_callers=16

prepare_list() { :; }

measure_list() {
  local count name round
  start_empty_redis
  start_gateway
  for count in 1000 100000; do
    fill_vms "$count"
    list_targets "$count"
    for name in "${!list_urls[@]}"; do load_list 1 "${list_urls[$name]}" >/dev/null; done
    for ((round = 1; round <= rounds; round++)); do
      say "list: $count VMs, round $round of $rounds"
      for name in "${!list_urls[@]}"; do load_list "$seconds" "${list_urls[$name]}" >>"$folder/list-$count-$name"; done
      read_records 1 >>"$folder/list-$count-redis"
      read_records 100 >>"$folder/list-$count-redispage"
    done
  done
  stop gateway redis
  report_list
}

# fill_vms COUNT: so many VMs that run, with their entries in the index; each tenth has a label.
fill_vms() {
  awk -v count="$1" '
    function command(   i) {
      printf "*%d\r\n", n
      for (i = 1; i <= n; i++) printf "$%d\r\n%s\r\n", length(part[i]), part[i]
      n = 0
    }
    function add(text) { part[++n] = text }
    BEGIN {
      for (vm = 1; vm <= count; vm++) {
        m = split("HSET hvc:vm:" vm " id " vm " uuid 7f0c4c1e-5f0f-4c64-9d0e-0d6f1f6a2b11 name web-" vm " type 1 image 100 cpu 1" \
          " ram 512 disk 1 state running domain hvc-" vm "-7f0c4c1e created_at 2026-01-01T00:00:00.000Z pm 1 placed_at" \
          " 2026-01-01T00:00:00.010Z running_at 2026-01-01T00:00:00.100Z version 1767225600000000", words, " ")
        for (i = 1; i <= m; i++) add(words[i])
        if (vm % 10 == 0) { add("labels"); add("env=prod") }
        command()
        add("ZADD"); add("hvc:vms"); add(vm); add(vm); command()
        add("ZADD"); add("hvc:vms:index")
        add(0); add(sprintf("name=web-%d\n%015d", vm, vm))
        add(0); add(sprintf("state=running\n%015d", vm))
        if (vm % 10 == 0) { add(0); add(sprintf("label:env=prod\n%015d", vm)) }
        command()
      }
    }' >"$folder/vms.commands"
  # Longer than other commands may take: these are 300,000, each with its fsync.
  timeout 120 redis-cli -s "$folder/redis/redis.sock" --pipe <"$folder/vms.commands" >/dev/null
  rm "$folder/vms.commands"
  [[ $(redis ZCARD hvc:vms) == "$1" ]] || fail "not all of $1 VMs were written"
}

# list_targets COUNT: what is asked for. Sets list_urls.
list_targets() {
  local middle
  middle=$(printf 'listVMs:%d' $(($1 / 2)) | od -An -tx1 | tr -d ' \n')
  declare -gA list_urls=(
    [vm]="$gateway_url/v1/vms/$(($1 / 2))"
    [first]="$gateway_url/v1/vms?limit=100"
    [middle]="$gateway_url/v1/vms?limit=100&cursor=$middle"
    [label]="$gateway_url/v1/vms?limit=100&label=env=prod"
  )
  [[ $(curl -s "${list_urls[middle]}" | grep -o '"uuid"' | wc -l) == 100 ]] || fail "a page has not 100 VMs"
  [[ $(curl -s "${list_urls[label]}" | grep -o '"uuid"' | wc -l) == 100 ]] || fail "a search has not 100 VMs"
}

# load_list SECONDS URL: as load_query, with fewer callers.
load_list() { callers=$list_callers load_query "$1" "$2"; }

# read_records COUNT: prints requests a second and latencies in ms, for reading so many records of VMs at once.
read_records() {
  redis-benchmark -s "$folder/redis/redis.sock" -c "$list_callers" -n 200000 -P "$1" --csv HGETALL hvc:vm:500 |
    awk -F'"' -v at_once="$1" 'NR == 2 { print $4 / at_once, $10, $14 }'
}

report_list() {
  local count name file
  local -A title=([vm]='GET /v1/vms/{id}' [first]='first page of 100' [middle]='page in the middle' [label]='page by a label' [redis]='redis-benchmark, HGETALL' [redispage]='redis-benchmark, 100 HGETALL at once')
  for count in 1000 100000; do
    for name in vm redis first middle label redispage; do
      file=$folder/list-$count-$name
      figure list "${title[$name]}, of $count, requests" "$(cut -d' ' -f1 "$file" | quantile 0.5)" 1/s
      figure list "${title[$name]}, of $count, p99" "$(cut -d' ' -f3 "$file" | quantile 0.5)" ms
    done
  done
  for name in first middle label; do
    figure list "${title[$name]}, 100,000 to 1,000 VMs" \
      "$(calculate "$(cut -d' ' -f1 "$folder/list-100000-$name" | quantile 0.5) / $(cut -d' ' -f1 "$folder/list-1000-$name" | quantile 0.5)")" \
      ratio '>= 0.8'
  done
}
