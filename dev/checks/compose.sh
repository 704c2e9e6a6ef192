# shellcheck shell=bash
# docker-compose reads docker-compose.yml, .env.example says the same, services have limits, ports are on loopback.
check() {
  local compose=(docker-compose) config status=0
  if docker compose version >/dev/null 2>&1; then compose=(docker compose); else need docker-compose docker-compose; fi
  config=$("${compose[@]}" --env-file .env.example -f docker-compose.yml config) || return 1
  same_variables || status=1
  limited "$config" || status=1
  closed "$config" || status=1
  return "$status"
}

# Each variable is in .env.example, with the value that it has without it.
same_variables() {
  local used given
  used=$(sed -nE 's/[^$]*\$\{([A-Z_]+)(:-([^}]*))?\}/\1=\3\n/gp' docker-compose.yml | grep -E '^[A-Z_]+=' | sort -u)
  given=$(grep -E '^[A-Z_]+=' .env.example | grep -v ^COMPOSE_PROJECT_NAME= | sort -u)
  [[ $used == "$given" ]] && return
  printf 'docker-compose.yml (<) and .env.example (>) differ:\n%s\n' "$(diff <(echo "$used") <(echo "$given") | grep '^[<>]')"
  return 1
}

# Each service says what it may use, and that it starts again.
limited() {
  local service key status=0 block
  for service in $(services "$1"); do
    block=$(of_service "$1" "$service")
    for key in mem_limit cpus pids_limit restart read_only; do
      grep -q "^    $key: " <<<"$block" || { echo "service $service has no $key" && status=1; }
    done
  done
  return "$status"
}

services() { awk '/^[a-z]/ { on = ($1 == "services:") } on && /^  [^ ].*:$/ { gsub(/[ :]/, ""); print }' <<<"$1"; }

of_service() {
  awk -v name="  $2:" '/^[a-z]/ { on = ($1 == "services:") } /^  [^ ]/ { mine = ($0 == name) } on && mine' <<<"$1"
}

# As docker-compose 1.29 prints ports, and as Compose v2 does.
closed() {
  local ports
  ports=$(awk '$1 == "ports:" { on = 1; next } on && /^ *(- |[a-z_]+: )/ && !/^    [a-z]/ { print; next } { on = 0 }' <<<"$1")
  [[ $ports == *127.0.0.1* || -z $ports ]] && ! grep -qE '^ *- "?([0-9]+|0\.0\.0\.0):' <<<"$ports" && return
  printf 'a port is published elsewhere than on loopback:\n%s\n' "$ports"
  return 1
}

sample() {
  put .env.example <<<'HVC_PORT=1'
  put docker-compose.yml <<'EOT'
services:
  a:
    image: "a:1"
    ports: ["127.0.0.1:${HVC_PORT:-1}:1"]
    mem_limit: 1g
    cpus: 1
    pids_limit: 9
    restart: always
    read_only: true
EOT
  [[ $1 == good ]] || sed -i 's/127.0.0.1://' docker-compose.yml
}
