# shellcheck shell=bash disable=SC2154 # root and folder are set by the script
# A Redis of the script's own, as bin/up.sh runs it, in $folder/redis.

# redis COMMAND…: its answer must come within 5 s.
redis() { timeout 5 redis-cli -s "$folder/redis/redis.sock" "$@" 2>&1; }

redis_answers() { [[ $(redis PING) == PONG ]]; }

# Starts it on the data that is there, and does not wait.
launch_redis() {
  mkdir -p "$folder/redis"
  start redis redis-server "$root/bin/lib/redis.conf" --dir "$folder/redis" --unixsocket redis.sock
}

# Sets HVC_REDIS_URL for the programs that are started next.
start_redis() {
  launch_redis
  ready redis redis_answers
  export HVC_REDIS_URL=unix://$folder/redis/redis.sock
}
