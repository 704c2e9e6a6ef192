# shellcheck shell=bash disable=SC2154 # folder and release are set by run and settings.sh
# An installation of our own: Redis, the gateway, one worker. All of it lives in $folder.

# Redis on an empty folder.
start_empty_redis() {
  rm -rf "$folder/redis"
  start_redis
}

# The settings that are shipped, but for a free port. Sets gateway_url.
start_gateway() {
  HVC_PORT=0 start gateway "$programs/hvc-gateway"
  ready gateway port_of gateway
  gateway_url=http://127.0.0.1:$(port_of gateway)
  ready gateway curl -sf "$gateway_url/healthz"
}

# start_worker LIBVIRT_URI: one PM, promised many times over, one small type, one image; looked at once and then only after
# VMs are gone from it.
start_worker() {
  printf '%s pool=default-pool overcommit_cpu=100 overcommit_ram=100 overcommit_disk=100\n' "$1" >"$folder/pm_file"
  printf '"types": [{"cpu": 1, "ram": 64, "disk": 1}]\n' >"$folder/flavor_file"
  write_halt_image "$folder/bench.img"
  echo "$folder/bench.img" >"$folder/image_file"
  HVC_PM_FILE=$folder/pm_file HVC_IMAGE_FILE=$folder/image_file HVC_FLAVOR_FILE=$folder/flavor_file \
    HVC_SLOTS=256 HVC_DISCOVERY_PERIOD=3600 HVC_WORKER_NAME=bench HVC_GRACE=2 \
    start worker "$programs/hvc-worker"
  ready worker machine_is_settled
}

# The PM is up, and the look at it that each removal asks for is done.
machine_is_settled() {
  local due
  [[ $(redis HGET hvc:pm:1 state) == up ]] || return 1
  due=$(redis ZSCORE hvc:discovery 1)
  ((due / 1000 > EPOCHSECONDS + 120))
}

# write_vm NUMBER: a VM as the store writes it, once it runs; it is on no PM's list.
write_vm() {
  redis HSET "hvc:vm:$1" id "$1" uuid 7f0c4c1e-5f0f-4c64-9d0e-0d6f1f6a2b11 name web type 1 image 100 cpu 1 ram 512 disk 1 \
    state running domain "hvc-$1-7f0c4c1e" created_at 2026-01-01T00:00:00.000Z pm 1 placed_at 2026-01-01T00:00:00.010Z \
    running_at 2026-01-01T00:00:00.100Z >/dev/null
}

# create_vms COUNT [AT_ONCE]: prints the seconds that each took the caller, one a line, and at the end "rate VMS_A_SECOND".
create_vms() {
  local began=$EPOCHREALTIME parallel=()
  ((${2:-1} == 1)) || parallel=(--parallel --parallel-max "$2" --no-progress-meter)
  curl -sS "${parallel[@]}" -o /dev/null -w '%{http_code} %{time_total}\n' \
    "$gateway_url/vm/create?name=bench[1-$1]&instance_type=1&image_id=100" >"$folder/answers"
  awk -v began="$began" -v ended="$EPOCHREALTIME" -v count="$1" '
    $1 != 200 { print "a create was answered " $1 >"/dev/stderr"; exit 1 }
    { print $2; n++ }
    END { if (n != count) exit 1; printf "rate %.3f\n", n / (ended - began) }' "$folder/answers" || fail "not all VMs were created"
}

# Destroys every VM.
destroy_vms() {
  redis ZRANGE hvc:vms 0 -1 | sed "s|.*|url=$gateway_url/vm/destroy?vmid=&\noutput=/dev/null|" >"$folder/destroys"
  curl -sSf --parallel --parallel-max 4 --no-progress-meter -K "$folder/destroys" || fail "not all VMs could be destroyed"
  settle
}

# Waits until the worker is as idle as it was at first.
settle() {
  wait_until 60 "the worker's look at its PM" machine_is_settled || fail "the worker does not look at its PM again"
}
