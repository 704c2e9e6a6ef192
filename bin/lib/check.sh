# shellcheck shell=bash disable=SC2154 # root, log_dir and release are set by settings.sh
# What can be refused is refused here, before anything is changed.

check_all() {
  [[ -x $release/hvc-gateway && -x $release/hvc-worker ]] ||
    fail "the programs are not built; run: bash $(quoted "$root/bin/install.sh")"
  check_files
  check_settings
  check_port
}

check_files() {
  local name
  for name in HVC_PM_FILE HVC_IMAGE_FILE HVC_FLAVOR_FILE; do
    [[ $name != HVC_PM_FILE || -z ${HVC_FLEET:-} ]] || continue
    [[ -n ${!name:-} ]] ||
      fail "$name is not set and nothing was installed yet; run: bash $(quoted "$root/bin/install.sh")"
  done
}

# Has both programs read the settings, and the worker the files. A setting that nobody reads is not kept.
check_settings() {
  local program said='' refused='' name
  for program in hvc-gateway hvc-worker; do
    said+=$(HVC_REDIS_URL=$(redis_url) "$release/$program" --check 2>&1 >/dev/null </dev/null)$'\n' || refused=yes
  done
  [[ $said != *"Unknown option '--check'"* ]] ||
    fail "the programs are older than the scripts; run: bash $(quoted "$root/bin/install.sh")"
  sed -E 's/^hvc-(gateway|worker): //' <<<"$said" | awk 'NF && !told[$0]++ { print "        | " $0 }' >&2
  [[ -z $refused ]] || fail "settings or files are refused, see above; nothing was changed, what runs goes on as before"
  while IFS= read -r name; do unset "$name"; done < <(sed -nE 's/.*warning: (HVC_[A-Z0-9_]+) is no setting.*/\1/p' <<<"$said")
}

# The port must be free, or our own gateway's.
check_port() {
  local pid
  port_answers || return 0
  if pid=$(service_pid gateway) && listens "$pid"; then return; fi
  fail "HVC_PORT=$HVC_PORT: this port of $(api_host) is taken by: $(port_owners)." \
    "Stop that, or choose another: HVC_PORT=8081 bash $(quoted "$0")"
}

port_answers() {
  # shellcheck disable=SC2016 # for the shell that tries it
  timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2"' _ "$(api_host)" "$HVC_PORT" 2>/dev/null
}

port_owners() {
  local owners
  owners=$(ss -ltnpH "sport = :$HVC_PORT" | awk '{print $4, $6}' | paste -sd' ')
  echo "${owners:-a program that is not shown to $(id -un)}"
}

# listens PID: whether this process has the gateway's port.
listens() { ss -ltnpH "sport = :$HVC_PORT" | grep -q "pid=$1,"; }

# Somebody else's gateway may answer there, so the answer alone says nothing.
gateway_answers() { listens "$1" && api /healthz -f -m 5 -o /dev/null 2>/dev/null; }

# Where the gateway is to move to another address, a second one is tried there while the old one goes on serving.
try_gateway() {
  local log=$log_dir/gateway-trial.log pid status=0
  if ! service_pid gateway >/dev/null || [[ "$HVC_HOST $HVC_PORT" == "$(old_setting HVC_HOST) $(old_setting HVC_PORT)" ]]; then
    return
  fi
  HVC_REDIS_URL=$(redis_url) "$release/hvc-gateway" </dev/null >"$log" 2>&1 9>&- &
  pid=$!
  wait_until 20 "a gateway at $(api_url)" answers_or_gone "$pid" && [[ -n $(start_time "$pid") ]] || status=1
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" || true
  ((status == 0)) && return
  # Of two hosts one may hold the other, as 0.0.0.0 does: then it is the old one that is in the way (EADDRINUSE).
  if [[ $HVC_PORT == "$(old_setting HVC_PORT)" ]] && grep -q 'errno: 98' "$log"; then return; fi
  tail -n 5 "$log" | sed 's/^/        | /' >&2
  fail "HVC_HOST=$HVC_HOST, HVC_PORT=$HVC_PORT: no gateway can listen there; nothing was changed, the old one goes on"
}

answers_or_gone() { [[ -z $(start_time "$1") ]] || gateway_answers "$1"; }
