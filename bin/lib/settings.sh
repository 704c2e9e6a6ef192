# shellcheck shell=bash
# Folders, and the settings of the programs: from the environment, else from the last run (var/settings), else
# the defaults here.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root var=$root/var
# shellcheck disable=SC2034 # used by the other pieces
readonly log_dir=$var/log run_dir=$var/run release=$root/.build/release
[[ $root != *$'\n'* ]] || fail "the name of the folder $root has a line break: rename it"

# Settings are the exported HVC_ variables, but for those that are about this one run.
setting_names() { compgen -e HVC_ | grep -vE '^HVC_(CALLER_PATH|CACHE_DIR|WORKER_NAME|(HOSTS|TEST)_[A-Z_]+)$' || true; }

load_settings() {
  local line key
  make_paths_absolute
  if [[ -r $var/settings ]]; then
    while IFS= read -r line; do
      key=${line%%=*}
      [[ $key =~ ^HVC_[A-Z_]+$ && -z ${!key+set} ]] || continue
      export "$key=${line#*=}"
    done <"$var/settings"
  fi
  export HVC_PREFIX=${HVC_PREFIX:-hvc:} HVC_HOST=${HVC_HOST:-127.0.0.1} HVC_PORT=${HVC_PORT:-8080}
  export HVC_WORKERS=${HVC_WORKERS:-2} HVC_GRACE=${HVC_GRACE:-25} HVC_LOG_LEVEL=${HVC_LOG_LEVEL:-info}
  export HVC_CELL=${HVC_CELL:-$(new_cell)}
  check_number HVC_PORT 1 65535
  check_number HVC_WORKERS 0 64
  [[ $HVC_GRACE =~ ^[0-9]{1,4}(\.[0-9]+)?$ ]] || fail "HVC_GRACE=$HVC_GRACE: not seconds from 0 to 3600"
  for key in $(setting_names); do
    [[ ${!key} != *$'\n'* ]] || fail "$key has a line break, which no setting may have"
  done
}

# A path that is relative to the caller's folder is kept as the full one, which holds wherever the next call comes from.
make_paths_absolute() {
  local name path paths
  for name in $(setting_names); do
    case $name in
      HVC_*_FILE | HVC_TOKEN_HISTORY) [[ -z ${!name} ]] || export "$name=$(absolute "${!name}")" ;;
      HVC_IMAGE_ROOTS)
        IFS=: read -ra paths <<<"$HVC_IMAGE_ROOTS"
        HVC_IMAGE_ROOTS=''
        for path in "${paths[@]}"; do HVC_IMAGE_ROOTS+=${HVC_IMAGE_ROOTS:+:}$(absolute "$path"); done
        ;;
      HVC_REDIS_URL)
        [[ ! $HVC_REDIS_URL =~ [?\&]cafile=([^&/][^&]*) ]] ||
          HVC_REDIS_URL=${HVC_REDIS_URL/"cafile=${BASH_REMATCH[1]}"/"cafile=$(percent_encode "$PWD/")${BASH_REMATCH[1]}"}
        ;;
    esac
  done
}

# old_setting NAME: prints its value in var/settings.
old_setting() { sed -n "s/^$1=//p" "$var/settings" 2>/dev/null | tail -n 1; }

absolute() { if [[ $1 == /* ]]; then echo "$1"; else realpath -sm -- "$1"; fi; }

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

# Keeps the settings of this run for the next one. May hold a password, so it is for its owner only.
save_settings() {
  local key
  mkdir -p "$var"
  for key in $(setting_names); do
    printf '%s=%s\n' "$key" "${!key}"
  done | (umask 077 && cat >"$var/settings.new")
  mv "$var/settings.new" "$var/settings"
}

# The gateway's host as seen from here.
api_host() {
  case $HVC_HOST in
    0.0.0.0) echo 127.0.0.1 ;;
    ::) echo ::1 ;;
    *) echo "$HVC_HOST" ;;
  esac
}

# Address of the gateway as seen from here.
api_url() {
  local host
  host=$(api_host)
  [[ $host != *:* ]] || host="[$host]"
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
