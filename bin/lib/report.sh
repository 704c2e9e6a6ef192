# shellcheck shell=bash disable=SC2154 # root and run_dir are set by settings.sh
# What runs, and how the PMs are.

readonly pms_shown=20

# service_line NAME
service_line() {
  local name=$1 pid restarts=0 last=''
  if [[ -s $run_dir/$name.ends ]]; then
    restarts=$(grep -c . "$run_dir/$name.ends") last=$(tail -n 1 "$run_dir/$name.ends")
  fi
  if ! supervisor_pid "$name" >/dev/null; then
    if pid=$(service_pid "$name"); then
      echo "runs without its supervisor (process $pid); bin/up.sh starts it anew"
    else
      echo "does not run${last:+; its supervisor $last}"
    fi
  elif pid=$(service_pid "$name"); then
    echo "runs (process $pid)$( ((restarts == 0)) || echo "; started again $restarts times, last: $last")"
  else
    echo "ended, is started again soon; last: $last"
  fi
}

# Prints a line each service; fails where one does not run.
report_services() {
  local name line status=0
  for name in $([[ -n ${HVC_REDIS_URL:-} ]] || echo redis) gateway $(wanted_workers); do
    line=$(service_line "$name")
    printf '  %-10s %s\n' "$name" "$line"
    [[ $line == 'runs ('* ]] || status=1
  done
  return "$status"
}

wanted_workers() {
  local i
  for ((i = 1; i <= 10#$HVC_WORKERS; i++)); do echo "worker-$i"; done
}

# Prints a line each PM: number, address, state, reason.
report_pms() {
  local id ids fields count
  count=$(redis ZCARD "${HVC_PREFIX}pms")
  ids=$(redis ZRANGE "${HVC_PREFIX}pms" 0 $((pms_shown - 1)))
  for id in $ids; do
    mapfile -t fields < <(redis HMGET "${HVC_PREFIX}pm:$id" address state reason)
    printf '  PM %-7s %s: %s\n' "$id" "${fields[0]}" "${fields[1]:-unknown}${fields[2]:+: ${fields[2]}}"
  done
  ((count <= pms_shown)) || echo "  … and $((count - pms_shown)) more: redis-cli ZRANGE ${HVC_PREFIX}pms 0 -1"
}

# Those that are shown were probed once.
pms_probed() {
  local id ids
  ids=$(redis ZRANGE "${HVC_PREFIX}pms" 0 $((pms_shown - 1)))
  for id in $ids; do [[ -n $(redis HGET "${HVC_PREFIX}pm:$id" checked_at) ]] || return 1; done
}

# A PM that does not answer takes its time; what is not known by then says so.
wait_for_pms() {
  ((10#$HVC_WORKERS == 0)) || wait_until 20 "the first probes of the PMs" pms_probed || true
}

print_summary() {
  local folder
  folder=$(quoted "$root")
  wait_for_pms
  printf '\nHypervisor-Coordinator runs.\n'
  report_services || true
  report_pms
  cat <<END
  API        $(api_url)     try: curl $(api_url)/pm/list
  hvctl      $folder/bin/hvctl list     (docs/hvctl.md)
  Redis      ${SUDO_USER:+sudo }$(redis_line)
  Logs       $folder/var/log
  State      bash $folder/bin/status.sh
  Stop       bash $folder/bin/down.sh     (VMs and data stay)
  Start      bash $folder/bin/up.sh       (more workers: HVC_WORKERS=4 bash $folder/bin/up.sh)
END
}
