# shellcheck shell=bash disable=SC2154 # root, folder, project, hosts and vms are set by dev/compose-test and stack.sh
# The steps of the test, and what must hold after each.

run_steps() {
  run_block build
  show_images
  start_hosts
  run_block prepare
  trust_key
  write_files
  run_block known-hosts
  run_block start
  wait_until_well 4
  run_block status
  check_hardening
  run_block call
  make_six
  run_block look
  check_all "with six VMs"
  measure_memory
  check_all "after the load"
  kill_under_create
  scale_under_creates
  reread_files
  restart_redis
  upgrade
  back_up_and_restore
  destroy_all
  run_block stop
  check_stopped
  check_all_were_run
  say "nothing lost, nothing twice"
}

make_six() {
  wait_until 60 "the first probe of the hosts" hosts_are_known || fail "PMs: $(redis HMGET hvc:pm:1 state reason)"
  start_creates web 6
  finish_creates
  say "VMs ${vms[*]} were created through the published port"
}

hosts_are_known() {
  local i
  for ((i = 1; i <= hosts; i++)); do [[ $(redis HGET "hvc:pm:$i" state) == up ]] || return 1; done
}

# check_all WHEN: each VM that was acknowledged has a record, it runs on the PM of its record and nowhere else, nothing else
# runs, and the audit finds nothing.
check_all() {
  local kept vm
  wait_until 120 "the last jobs" is_quiet || fail "$1: jobs do not end: $(redis ZRANGE hvc:leases 0 -1)"
  wait_until 60 "records and hosts to agree" agree ||
    fail "$1: the records say"$'\n'"$(records)"$'\n'"and virsh says"$'\n'"$(domains)"
  kept=" $(records | cut -d' ' -f1 | tr '\n' ' ')"
  for vm in "${vms[@]}"; do [[ $kept == *" $vm "* ]] || fail "$1: VM $vm is lost"; done
  run_quietly audit || fail "$1: $(tail -n 8 "$log_dir/block-audit.log")"
  say "$1: $(records | wc -l) VMs in Redis and $(domains | wc -l) with virsh on the hosts agree, and all is well"
}

agree() { [[ "$(records | awk '$5 == "running" { print $3, $4 }' | sort)" == "$(domains | sort)" ]] && ! records | grep -v ' running$'; }

# What docker-compose.yml and the images promise of each container.
check_hardening() {
  local id what
  for id in $(containers redis gateway worker); do
    what=$(docker inspect --format '{{with .HostConfig}}{{.ReadonlyRootfs}} {{.CapDrop}} {{.SecurityOpt}} {{.RestartPolicy.Name}} {{and .Memory .NanoCpus .PidsLimit | not}}{{end}}' "$id")
    [[ $what == 'true [ALL] [no-new-privileges:true] unless-stopped false' ]] || fail "$(name_of "$id") has: $what"
    [[ $(docker exec "$id" id -u) != 0 ]] || fail "$(name_of "$id") runs as root"
    ! docker exec "$id" touch /usr/x 2>/dev/null || fail "$(name_of "$id") can write to its root"
    ! docker exec "$id" sh -c 'command -v cc gcc swift swiftc' || fail "$(name_of "$id") has a compiler"
    ! docker inspect "$id" | grep -qF -e "$(<"$project/secrets/redis_password")" -e "$(<"$project/secrets/api_token")" ||
      fail "docker inspect shows a secret of $(name_of "$id")"
  done
  [[ $(docker ps --format '{{.Ports}}' | grep -o '[^ ,]*->' | sort -u) == '127.0.0.1:8080->' ]] ||
    fail "other ports are published than that of the gateway on loopback: $(docker ps --format '{{.Ports}}')"
  [[ $(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/vm/types) == 401 ]] ||
    fail "the API answers without its token"
  say "not root, root read-only, no capabilities, no compiler, limits set, secrets not shown, one port on loopback"
}

# Kills the worker that holds a job, by SIGKILL from outside. It may just have ended the job: then again.
kill_under_create() {
  local try holder before
  for try in 1 2 3 4 5; do
    before=$(restarts)
    start_creates "killed-$try" 3
    holder=$(lease_holder) || fail "no worker took a create"
    kill -9 "$(docker inspect --format '{{.State.Pid}}' "$holder")"
    say "killed $(name_of "$holder") while it had a create"
    finish_creates
    wait_until_well 4
    (($(restarts) == before + 1)) || fail "the container was not started anew: $before, then $(restarts) restarts"
    check_all "after the kill"
    if taken_twice; then
      say "its create was taken over by another and done once"
      return
    fi
  done
  fail "in $try tries no worker was killed under a create"
}

restarts() {
  local total=0 id
  for id in $(containers worker); do total=$((total + $(docker inspect --format '{{.RestartCount}}' "$id"))); done
  echo "$total"
}

# Prints the worker, which is called as its container, that holds the first job that is held.
lease_holder() {
  # shellcheck disable=SC2016 # expanded in the container
  docker exec "$(containers redis)" sh -c 'export REDISCLI_AUTH=$(cat /run/secrets/redis_password)
    for try in $(seq 2000); do
      job=$(redis-cli ZRANGE hvc:leases 0 0)
      [ -z "$job" ] || { redis-cli HGET "hvc:job:$job" worker; exit; }
    done
    exit 1'
}

# Whether the create of one of the last VMs was taken more than once.
taken_twice() {
  # shellcheck disable=SC2016 # expanded in the container
  docker exec "$(containers redis)" sh -c 'export REDISCLI_AUTH=$(cat /run/secrets/redis_password)
    redis-cli --scan --pattern "hvc:job:*[0-9]" | while read -r job; do echo $(redis-cli HMGET "$job" vm attempts); done' |
    awk -v last="${vms[*]: -3}" 'index(" " last " ", " " $1 " ") && $2 > 1 { found = 1 } END { exit !found }'
}

scale_under_creates() {
  start_creates fewer 4
  run_block fewer
  finish_creates
  wait_until_well 1
  check_all "with one worker"
  start_creates more 4
  run_block more
  finish_creates
  wait_until_well 3
  check_all "with three workers"
}

# A type that is added to the file, in place, is offered with no restart.
reread_files() {
  echo '{"types": [{"cpu": 1, "ram": 64, "disk": 1}, {"cpu": 2, "ram": 128, "disk": 1}]}' >"$project/types"
  run_block reload
  wait_until 30 "the new type" offers_type 2 || fail "the new type is not offered: $(api /vm/types)"
  say "the workers have read the files anew"
}

offers_type() { api /vm/types | grep -q "\"tid\":$1,"; }

restart_redis() {
  local before
  before=$(known)
  start_creates restart 3
  run_block restart-redis
  finish_creates
  wait_until_well 3
  unchanged "$before" "Redis' restart"
  check_all "after Redis' restart"
}

# What must outlive all: VMs with number, name, PM and domain, and jobs. A Redis that was filled anew from the domains would
# have no jobs.
known() { records | cut -d' ' -f1-4 && redis --scan --pattern 'hvc:job:*[0-9]'; }

# unchanged KNOWN WHAT: what was known is known.
unchanged() {
  local gone
  gone=$(comm -23 <(sort <<<"$1") <(known | sort))
  [[ -z $gone ]] || fail "$2 has changed or lost: $gone"
}

# A new version stands for itself by a file of both images that has changed.
upgrade() {
  local before redis gateway
  before=$(known) redis=$(containers redis) gateway=$(containers gateway)
  echo "# The next version." >>"$project/deploy/container/healthcheck"
  run_block upgrade
  wait_until_well 2
  [[ $(containers redis) == "$redis" && $(containers gateway) != "$gateway" ]] ||
    fail "the upgrade replaced the wrong containers"
  unchanged "$before" "the upgrade"
  check_all "after the upgrade"
}

# The volume is deleted in between.
back_up_and_restore() {
  local before
  before=$(known)
  run_block backup
  wait_until_well 2
  unchanged "$before" "the backup"
  check_all "after the backup of $(stat -c %s "$project/backup.tar") bytes"
  in_project 'docker-compose down --volumes' >"$log_dir/loss.log" 2>&1 || fail "$(tail -n 3 "$log_dir/loss.log")"
  say "the containers and the volume are deleted"
  run_block restore
  wait_until_well 2
  unchanged "$before" "the loss of the volume"
  check_all "after the restore into a new volume"
}

destroy_all() {
  local vm destroys=() each
  for vm in $(records | cut -d' ' -f1); do
    destroy "$vm" &
    destroys+=($!)
  done
  for each in "${destroys[@]}"; do wait "$each" || fail "a destroy was not done"; done
  vms=()
  check_all "after the last destroy"
  [[ -z "$(records)$(domains)" ]] || fail "VMs are left"
}

destroy() { [[ $(api "/vm/destroy?vmid=$1") == '{"status":1}' ]] || fail "VM $1 was not destroyed"; }

check_stopped() {
  [[ -z $(docker ps --all --quiet) ]] || fail "containers are left: $(docker ps --all)"
  [[ -n $(docker volume ls --quiet --filter name=hvc_redis-data) ]] || fail "the volume went with the containers"
}
