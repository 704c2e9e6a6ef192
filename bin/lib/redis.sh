# shellcheck shell=bash disable=SC2154 # var, run_dir and log_dir are set by settings.sh
# Redis: a private server of ours, or the one that HVC_REDIS_URL names.

# Starts the private server where no other is named, waits for an answer, and sets HVC_REDIS_URL.
ensure_redis() {
  if [[ -n ${HVC_REDIS_URL:-} ]]; then
    wait_until 20 "Redis" redis_answers || fail "Redis answers '$(redis PING)'; check HVC_REDIS_URL"
    say "redis: the one that HVC_REDIS_URL names answers"
    return
  fi
  write_redis_conf
  start_redis
  HVC_REDIS_URL=unix://$(percent_encode "$(redis_socket)")
  export HVC_REDIS_URL
  wait_until 60 "redis to load its data" redis_answers || fail "redis answers '$(redis PING)'; see $log_dir/redis.log"
}

# use_installation WHAT ARGUMENT…: for scripts that ask what bin/up.sh started: needs the programs, becomes root where root
# started it, and sets HVC_REDIS_URL.
use_installation() {
  [[ -x $release/hvc-worker ]] || fail "the programs are not built; run: bash $root/bin/install.sh"
  [[ ! -e $run_dir || -w $run_dir ]] || become_root "$@"
  load_settings
  export HVC_REDIS_URL=${HVC_REDIS_URL:-unix://$(percent_encode "$(redis_socket)")}
}

# Not through start_service: other settings of our programs are no reason to start Redis anew.
start_redis() {
  local pid
  if pid=$(service_pid redis); then
    say "redis: runs already (process $pid)"
  else
    rm -f "$(redis_socket)"
    launch redis private "$(command -v redis-server)" "$var/redis/redis.conf"
    sleep 0.1
    service_or_fail redis
  fi
}

# A socket's path may have 107 bytes; a deeper folder gets its socket elsewhere.
redis_socket() {
  local socket=$var/redis/redis.sock
  if ((${#socket} > 100)); then
    socket=/run/hvc-$(id -u)-$(cksum <<<"$var" | cut -d' ' -f1)/redis.sock
    [[ -w /run ]] || socket=/tmp${socket#/run}
  fi
  echo "$socket"
}

# What is acknowledged is on the disk (appendfsync always), and nothing is ever evicted.
write_redis_conf() {
  local socket
  socket=$(redis_socket)
  (umask 077 && mkdir -p "$var/redis" "$(dirname "$socket")")
  [[ -O $(dirname "$socket") ]] || fail "$(dirname "$socket") belongs to somebody else"
  chmod 700 "$var/redis" "$(dirname "$socket")"
  cat >"$var/redis/redis.conf" <<END
# Written by bin/up.sh.
port 0
unixsocket "$socket"
unixsocketperm 600
dir "$var/redis"
appendonly yes
appendfsync always
save ""
maxmemory-policy noeviction
END
}

percent_encode() {
  local text=$1 out='' i char LC_ALL=C
  for ((i = 0; i < ${#text}; i++)); do
    char=${text:i:1}
    case $char in
      [a-zA-Z0-9/._~-]) out+=$char ;;
      *) printf -v char '%%%02X' "'$char" && out+=%${char: -2} ;;
    esac
  done
  echo "$out"
}

percent_decode() { printf '%b' "${1//%/\\x}"; }

# url_option NAME QUERY: prints an option's value, decoded; nothing where it is not given.
url_option() {
  local pair pairs
  IFS='&' read -ra pairs <<<"$2"
  for pair in "${pairs[@]}"; do
    [[ ${pair%%=*} != "$1" ]] || percent_decode "${pair#*=}"
  done
}

# Sets redis_words to redis-cli's arguments for HVC_REDIS_URL, and redis_secret to the password, which is no argument.
read_redis_url() {
  local url=${HVC_REDIS_URL:-unix://$(percent_encode "$(redis_socket)")} rest login user host port db query cafile
  redis_words=(redis-cli) redis_secret=${HVC_REDIS_PASSWORD:-}
  [[ -n $redis_secret || ! -r ${HVC_REDIS_PASSWORD_FILE:-} ]] || redis_secret=$(<"$HVC_REDIS_PASSWORD_FILE")
  rest=${url#*://} query=''
  [[ $rest != *\?* ]] || query=${rest#*\?} rest=${rest%%\?*}
  user=$(url_option username "$query") db=$(url_option db "$query")
  [[ -z $(url_option password "$query") ]] || redis_secret=$(url_option password "$query")
  if [[ $url == unix://* ]]; then
    redis_words+=(-s "$(percent_decode "$rest")")
  else
    login=''
    [[ $rest != *@* ]] || login=${rest%@*} rest=${rest##*@}
    [[ $rest != */?* ]] || db=${rest#*/}
    rest=${rest%%/*}
    host=${rest%:*} port=${rest##*:}
    [[ $rest == *:* ]] || port=6379
    host=${host#[} host=${host%]}
    [[ $login != *:* ]] || redis_secret=$(percent_decode "${login#*:}")
    [[ -z ${login%%:*} ]] || user=$(percent_decode "${login%%:*}")
    redis_words+=(-h "$host" -p "$port")
    cafile=$(url_option cafile "$query")
    [[ $url != rediss://* ]] || redis_words+=(--tls ${cafile:+--cacert "$cafile"})
  fi
  [[ -z $user ]] || redis_words+=(--user "$user")
  [[ -z ${db:-} || $db == 0 ]] || redis_words+=(-n "$db")
}

# redis COMMAND…
redis() {
  local redis_words redis_secret
  read_redis_url
  [[ -z $redis_secret ]] || local -x REDISCLI_AUTH=$redis_secret
  timeout 5 "${redis_words[@]}" "$@" 2>&1
}

redis_answers() { [[ $(redis PING) == PONG ]]; }

# The line that a person types; without the password.
redis_line() {
  local redis_words redis_secret
  read_redis_url
  printf '%s' "${redis_secret:+REDISCLI_AUTH=… }"
  printf '%q ' "${redis_words[@]}" | sed 's/ $//'
}
