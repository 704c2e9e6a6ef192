# shellcheck shell=bash disable=SC2154 # var, run_dir and log_dir are set by settings.sh
# The private redis-server, for installations without a Redis of their own.

# Starts the private server where no other is named, and waits for an answer.
ensure_redis() {
  if [[ -n ${HVC_REDIS_URL:-} ]]; then
    wait_until 20 "Redis" redis_answers || fail "Redis answers '$(redis PING)'; check HVC_REDIS_URL"
    say "redis: the one that HVC_REDIS_URL names answers"
    return
  fi
  start_redis
  wait_until 60 "redis to load its data" redis_answers || fail "redis answers '$(redis PING)'; see $log_dir/redis.log"
}

# Not by its settings: other settings of our programs are no reason to start Redis anew.
start_redis() {
  local pid
  if pid=$(service_pid redis) && supervisor_pid redis >/dev/null; then
    say "redis: runs already (process $pid)"
    return
  fi
  end_services redis || fail "redis must stop before it can be supervised"
  write_redis_conf
  rm -f "$(redis_socket)"
  launch redis private "$(command -v redis-server)" "$(plain_pattern "$var/redis/redis.conf")"
  sleep 0.1
  ! service_ended redis || fail_service redis "redis ended right after its start"
}

# A folder that was made for the socket goes with it.
end_redis() {
  local place
  end_services redis || return
  place=$(dirname "$(redis_socket)")
  [[ $place == "$var"/* || ! -d $place ]] || rmdir "$place"
}

# The folder's name is mktemp's, so nobody can be there before us. One that an earlier run made is taken again only where
# it is a folder of ours that nobody else can enter.
make_socket_folder() {
  local place parent=/run LC_ALL=C
  ((${#var} > 80)) || return 0
  { read -r place <"$var/redis/socket-folder"; } 2>/dev/null || place=''
  [[ -d $place && ! -L $place && -O $place && $(stat -c %a "$place") == 700 ]] && return
  [[ -w $parent ]] || parent=/tmp
  mktemp -d "$parent/hvc-XXXXXXXXXX" >"$var/redis/socket-folder"
}

write_redis_conf() {
  (umask 077 && mkdir -p "$var/redis")
  chmod 700 "$var/redis"
  make_socket_folder
  {
    echo "# Written by bin/up.sh."
    cat "${BASH_SOURCE[0]%/*}/redis.conf"
    echo "unixsocket $(conf_word "$(redis_socket)")"
    echo "dir $(conf_word "$var/redis")"
  } >"$var/redis/redis.conf"
}

# A text as one word of redis.conf.
conf_word() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# redis-server takes the path of its file for a pattern where it has one of these characters.
plain_pattern() {
  # shellcheck disable=SC2001 # a pattern with a group
  if [[ $1 == *[]*?[]* ]]; then sed 's/[][*?\\]/\\&/g' <<<"$1"; else echo "$1"; fi
}
