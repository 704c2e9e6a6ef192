# shellcheck shell=bash
# Folders, and the settings of the programs: from the environment, else as the last run was told (var/settings), else
# the defaults here.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root var=$root/var
# shellcheck disable=SC2034 # used by the other pieces
readonly log_dir=$var/log run_dir=$var/run release=$root/.build/release

# Settings are the exported HVC_ variables, but for those that tell the scripts about this one run.
setting_names() { compgen -e HVC_ | grep -vE '^HVC_(CALLER_PATH|CACHE_DIR|WORKER_NAME|HOSTS_[A-Z]+)$' || true; }

load_settings() {
  local key value
  if [[ -r $var/settings ]]; then
    while IFS='=' read -r key value; do
      [[ $key =~ ^HVC_[A-Z_]+$ && -z ${!key+set} ]] || continue
      export "$key=$value"
    done <"$var/settings"
  fi
  export HVC_PREFIX=${HVC_PREFIX:-hvc:} HVC_HOST=${HVC_HOST:-127.0.0.1} HVC_PORT=${HVC_PORT:-8080}
  export HVC_WORKERS=${HVC_WORKERS:-2} HVC_GRACE=${HVC_GRACE:-25} HVC_LOG_LEVEL=${HVC_LOG_LEVEL:-info}
  export HVC_CELL=${HVC_CELL:-$(new_cell)}
  check_number HVC_PORT 1 65535
  check_number HVC_WORKERS 0 64
  [[ $HVC_GRACE =~ ^[0-9]{1,4}(\.[0-9]+)?$ ]] || fail "HVC_GRACE=$HVC_GRACE: not seconds from 0 to 3600"
}

# A name of its own for a new installation, so that it takes no domains of another one on the same machine for its own.
# One from before there were names has domains without one, which stands for `default`.
new_cell() {
  if [[ -e $var/settings ]]; then echo default; else od -An -N6 -tx1 /dev/urandom | tr -d ' \n'; fi
}

check_number() {
  local value=${!1}
  [[ $value =~ ^[0-9]{1,5}$ ]] && ((10#$value >= $2 && 10#$value <= $3)) && return
  fail "$1=$value: not a whole number from $2 to $3"
}

# Keeps what this run was told, for the next one. May hold a password, so it is for its owner only.
save_settings() {
  local key
  mkdir -p "$var"
  for key in $(setting_names); do
    [[ ${!key} == *$'\n'* ]] || printf '%s=%s\n' "$key" "${!key}"
  done | (umask 077 && cat >"$var/settings.new")
  mv "$var/settings.new" "$var/settings"
}

# Address of the gateway as seen from here.
api_url() {
  local host=$HVC_HOST
  case $host in
    0.0.0.0) host=127.0.0.1 ;;
    ::) host='[::1]' ;;
    *:*) host="[$host]" ;;
  esac
  echo "http://$host:$HVC_PORT"
}

# api PATH [CURL OPTION…]
api() {
  local path=$1
  shift
  local token=${HVC_API_TOKEN:-}
  [[ -n $token || ! -r ${HVC_API_TOKEN_FILE:-} ]] || token=$(<"$HVC_API_TOKEN_FILE")
  if [[ -n $token ]]; then
    curl -sS --noproxy '*' -H @<(printf 'Authorization: Bearer %s\n' "$token") "$@" "$(api_url)$path"
  else
    curl -sS --noproxy '*' "$@" "$(api_url)$path"
  fi
}
