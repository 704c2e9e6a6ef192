# shellcheck shell=bash disable=SC2154 # var, run_dir and log_dir are set by settings.sh
# Redis as seen by its clients: the private server (redis-server.sh), or the one that HVC_REDIS_URL names.

# use_installation WHAT ARGUMENT…: for scripts that ask what bin/up.sh started: needs the programs, becomes root where root
# started it, and sets HVC_REDIS_URL.
use_installation() {
  [[ -x $release/hvc-worker ]] || fail "the programs are not built; run: bash $(quoted "$root/bin/install.sh")"
  [[ ! -e $run_dir || -w $run_dir ]] || become_root "$@"
  load_settings
  HVC_REDIS_URL=$(redis_url)
  export HVC_REDIS_URL
}

redis_url() { echo "${HVC_REDIS_URL:-unix://$(percent_encode "$(redis_socket)")}"; }

# A socket's path may have 107 bytes; a deeper folder has its socket elsewhere, see make_socket_folder (redis-server.sh).
redis_socket() {
  local place LC_ALL=C
  if ((${#var} > 80)) && { read -r place <"$var/redis/socket-folder"; } 2>/dev/null; then
    echo "$place/redis.sock"
  else
    echo "$var/redis/redis.sock"
  fi
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

percent_decode() {
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}

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
  local url rest login user host port db query cafile
  url=$(redis_url)
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

# redis COMMAND…: its answer must come within 5 s, or within redis_limit seconds.
redis() {
  local redis_words redis_secret
  read_redis_url
  [[ -z $redis_secret ]] || local -x REDISCLI_AUTH=$redis_secret
  timeout "${redis_limit:-5}" "${redis_words[@]}" "$@" 2>&1
}

redis_answers() { [[ $(redis PING) == PONG ]]; }

# The line that a person types; without the password.
redis_line() {
  local redis_words redis_secret
  read_redis_url
  printf '%s' "${redis_secret:+REDISCLI_AUTH=… }"
  printf '%q ' "${redis_words[@]}" | sed 's/ $//'
}
