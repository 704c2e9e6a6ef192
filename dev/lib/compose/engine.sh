# shellcheck shell=bash disable=SC2154 # folder and cache are set by dev/compose-test
# A Docker engine of our own: its own socket, data, cgroups and process number.

start_engine() {
  export DOCKER_HOST=unix://$folder/docker.sock
  unset DOCKER_CONTEXT DOCKER_TLS_VERIFY
  mkdir -p "$cache/engine"
  echo '{}' >"$folder/daemon.json"
  dockerd --config-file "$folder/daemon.json" --host "$DOCKER_HOST" --data-root "$cache/engine" \
    --exec-root "$folder/engine" --pidfile "$folder/engine.pid" --cgroup-parent "/$(cgroup_name)" \
    --exec-opt native.cgroupdriver=cgroupfs </dev/null >"$folder/log/engine.log" 2>&1 &
  engine=$!
  wait_until 60 "the engine" engine_answers || fail "the engine does not answer: $(tail -n 3 "$folder/log/engine.log")"
  remove_leftovers
  say "engine: $(docker version --format '{{.Server.Version}}') with $(docker info --format '{{.Driver}}')"
}

# What a run that was killed has left in the engine's data.
remove_leftovers() {
  local left
  mapfile -t left < <(docker ps --all --quiet)
  ((${#left[@]} == 0)) || docker rm --force --volumes "${left[@]}" >/dev/null
  docker network prune --force >/dev/null
  mapfile -t left < <(docker volume ls --quiet)
  ((${#left[@]} == 0)) || docker volume rm --force "${left[@]}" >/dev/null
}

engine_answers() { docker info >/dev/null 2>&1 && kill -0 "$engine"; }

stop_engine() {
  [[ -n ${engine:-} ]] || return 0
  kill -TERM "$engine" 2>/dev/null || true
  wait "$engine" 2>/dev/null || true
}

cgroup_name() { echo "${folder##*/}"; }

# After the box has ended its groups are empty.
remove_cgroups() {
  find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "$(cgroup_name)" 2>/dev/null | while IFS= read -r group; do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}
