# shellcheck shell=bash
# docker-compose reads docker-compose.yml with the settings of .env.example.
check() {
  local compose=(docker-compose)
  if docker compose version >/dev/null 2>&1; then compose=(docker compose); else need docker-compose docker-compose; fi
  "${compose[@]}" --env-file .env.example -f docker-compose.yml config >/dev/null
}

sample() {
  put .env.example <<<'HVC_API_TOKEN=x'
  put docker-compose.yml <<<'{services: {a: {image: "a:1"}}}'
  [[ $1 == good ]] || put docker-compose.yml <<<'{services: {a: {image: "a:1", ports: 7}}}'
}
