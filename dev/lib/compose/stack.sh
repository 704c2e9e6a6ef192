# shellcheck shell=bash disable=SC2154 # root, folder, project, hosts, compose and log_dir are set by dev/compose-test
# The installation under test: its files, its containers, its API, its Redis, and the hosts behind it.

# VMs whose create was acknowledged and that were not destroyed since.
vms=()

start_hosts() {
  long "$hosts test hosts" "$log_dir/hosts.log" "$root/dev/hosts" up "$hosts" --spec 16:16384
}

# What people write by hand.
write_files() {
  local i address
  mkdir -p "$folder/images"
  write_halt_image "$folder/images/halt.img"
  for ((i = 1; i <= hosts; i++)); do
    address=$("$root/dev/hosts" address "$i")
    echo "${address%:22} overcommit_cpu=8 network=$(hosts_network)"
  done >"$project/pms"
  echo "$folder/images/halt.img" >"$project/images"
  echo '{"types": [{"cpu": 1, "ram": 64, "disk": 1}]}' >"$project/types"
  sed -i "s|^HVC_IMAGE_FOLDER=.*|HVC_IMAGE_FOLDER=$folder/images|" "$project/.env"
}

# As ssh-copy-id would.
trust_key() {
  local i
  for ((i = 1; i <= hosts; i++)); do
    "$root/dev/hosts" exec "$i" sh -c 'cat >>/root/.ssh/authorized_keys' <"$project/secrets/ssh_key.pub"
  done
}

# containers SERVICE…: their ids.
containers() {
  local service
  for service in "$@"; do
    docker ps --quiet --no-trunc --filter "label=com.docker.compose.service=$service" --filter label=com.docker.compose.oneoff=False
  done
}

name_of() { docker inspect --format '{{slice .Name 1}}' "$1"; }

# are_well WORKERS: Redis, the gateway and so many workers are healthy, and nothing else is there.
are_well() {
  local line count=0
  while IFS= read -r line; do
    [[ $line == *'(healthy)' ]] || return 1
    count=$((count + 1))
  done < <(docker ps --all --format '{{.Status}}')
  ((count == $1 + 2))
}

wait_until_well() {
  wait_until 180 "all containers to be healthy" are_well "$1" || { docker ps --all && fail "not all containers are healthy"; }
  say "healthy: Redis, the gateway, $1 worker(s)"
}

api() {
  curl -sS --noproxy '*' --max-time 150 -H "Authorization: Bearer $(<"$project/secrets/api_token")" "${@:2}" \
    "http://127.0.0.1:8080$1" 2>&1
}

# redis COMMAND…: with redis-cli in Redis' container.
redis() {
  # shellcheck disable=SC2016 # expanded in the container
  docker exec "$(containers redis)" sh -c 'REDISCLI_AUTH=$(cat /run/secrets/redis_password) exec redis-cli "$@"' - "$@"
}

# create NAME: prints the VM's number, however often it has to ask. An answer that is lost may leave a VM that nobody asked
# for again; it has a record like the others.
create() {
  local answer end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    answer=$(api "/vm/create?name=$1&instance_type=1&image_id=100") || answer=''
    if [[ $answer =~ ^\{\"vmid\":\ *([1-9][0-9]*)\}$ ]]; then
      echo "${BASH_REMATCH[1]}"
      return
    fi
    sleep 0.5
  done
  fail "VM $1 was not created: $answer"
}

# start_creates NAME COUNT, finish_creates: creates in the background, all at once.
start_creates() {
  local i
  creates=()
  : >"$folder/created"
  for ((i = 1; i <= $2; i++)); do
    (create "$1-$i" >>"$folder/created") </dev/null &
    creates+=($!)
  done
}

finish_creates() {
  local each made
  for each in "${creates[@]}"; do wait "$each" || fail "a create was not done"; done
  mapfile -t made <"$folder/created"
  vms+=("${made[@]}")
}

# What the records say of each VM, a line each: number, name, PM, domain, state.
records() {
  # shellcheck disable=SC2016 # expanded in the container
  docker exec "$(containers redis)" sh -c 'export REDISCLI_AUTH=$(cat /run/secrets/redis_password)
    for vm in $(redis-cli ZRANGE hvc:vms 0 -1); do
      echo "$vm" $(redis-cli HMGET "hvc:vm:$vm" name pm domain state)
    done'
}

# The domains that run on the hosts, a line each: PM, domain. PMs are numbered as the hosts are.
domains() {
  local i
  for ((i = 1; i <= hosts; i++)); do
    "$root/dev/hosts" exec "$i" virsh -q -c qemu:///system list --name --state-running | sed -n "s/^hvc-/$i &/p"
  done
}

stop_stack() {
  [[ -n ${DOCKER_HOST:-} && -e $project/.env ]] || return 0
  (cd "$project" && docker ps --all >"$log_dir/containers.txt" && $compose logs --no-color >"$log_dir/containers.log") 2>&1 || true
  (cd "$project" && $compose down --volumes --timeout 10) >>"$log_dir/down.log" 2>&1 || say "the containers do not go: see $log_dir/down.log"
}
