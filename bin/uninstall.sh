#!/usr/bin/env bash
# Removes the installation: stops what runs, and deletes var/ (Redis' data, settings, logs). VMs are left as they are, unless
# you say otherwise.
#
# Usage: bash bin/uninstall.sh [--with-vms] [--yes]
#
#   --with-vms   first destroys all VMs, through the API; where one cannot be destroyed, nothing else is done
#   --yes        does it; without it this only says what would be done, and what stays
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root services redis redis-server; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

# Prints what removes the VMs and the copies of images that stay on the PMs, a command a line.
commands_for_pms() {
  local id pm uri pool domain quoted_uri quoted_pool
  for id in $(redis ZRANGE "${HVC_PREFIX}vms" 0 -1); do
    pm=$(redis HGET "${HVC_PREFIX}vm:$id" pm) domain=$(redis HGET "${HVC_PREFIX}vm:$id" domain)
    uri=$(redis HGET "${HVC_PREFIX}pm:$pm" uri)
    # On simulated PMs there is nothing.
    [[ -n $uri && $uri != simulated:* ]] || continue
    quoted_uri=$(quoted "$uri")
    echo "virsh -c $quoted_uri destroy $domain; virsh -c $quoted_uri undefine $domain --remove-all-storage"
  done
  for pm in $(redis ZRANGE "${HVC_PREFIX}pms" 0 -1); do
    uri=$(redis HGET "${HVC_PREFIX}pm:$pm" uri) pool=$(redis HGET "${HVC_PREFIX}pm:$pm" pool)
    [[ -n $(redis HGET "${HVC_PREFIX}pm:$pm" cached_images) && $uri != simulated:* ]] || continue
    quoted_uri=$(quoted "$uri") quoted_pool=$(quoted "$pool")
    echo "virsh -c $quoted_uri vol-list $quoted_pool | awk '/^ hvc-image-/ { print \$1 }' |" \
      "xargs -rn 1 virsh -c $quoted_uri vol-delete --pool $quoted_pool"
  done
}

destroy_vms() {
  local id answer
  for id in $(redis ZRANGE "${HVC_PREFIX}vms" 0 -1); do
    answer=$(api "/vm/destroy?vmid=$id" --max-time 300) || fail "the API does not answer; start it first: bash bin/up.sh"
    [[ $answer == *'"status":1'* ]] || fail "VM $id was not destroyed: $answer; nothing else was done"
    say "VM $id: destroyed"
  done
}

# announce WITH_VMS
announce() {
  local commands
  say "stops the gateway, the workers and the private Redis, and deletes $var"
  if [[ -n $1 ]]; then say "first destroys all VMs: $(redis ZCARD "${HVC_PREFIX}vms")"; fi
  say "what stays: this folder with what was built in it, Debian packages, ssh keys, your own files"
  if [[ ! -e $var/settings ]]; then return; fi
  commands=$(commands_for_pms)
  [[ -n $commands ]] || return 0
  if [[ -z $1 ]]; then
    say "VMs and copies of images stay on the PMs. Destroy them first by --with-vms, or keep these lines, which remove them:"
  else
    say "VMs and copies of images that are on the PMs now; lines that remove what of them may stay:"
  fi
  printf '        %s\n' "${commands//$'\n'/$'\n'        }"
}

main() {
  local option with_vms='' yes=''
  for option in "$@"; do
    case $option in
      -h | --help) usage && exit 0 ;;
      --with-vms) with_vms=yes ;;
      --yes) yes=yes ;;
      *) fail "$option: no such option; see: bash $0 --help" ;;
    esac
  done
  [[ -e $var ]] || fail "nothing is installed here"
  [[ -w $var && (! -e $run_dir || -w $run_dir) ]] || become_root "removing what root installed" "$@"
  lock_services
  load_settings
  [[ ! -e $var/settings ]] || redis_answers ||
    fail "Redis does not answer, so its VMs are not known: start it first (bash bin/up.sh), or delete $var yourself"
  announce "$with_vms"
  if [[ -z $yes ]]; then
    say "nothing was done; to do it: bash $(quoted "$0") ${with_vms:+--with-vms }--yes"
    return
  fi
  [[ -z $with_vms ]] || destroy_vms
  # shellcheck disable=SC2046 # names without spaces
  { end_services gateway $(known_workers) && end_redis; } || fail "nothing was deleted: what is named above still runs"
  rm -rf "$var"
  say "removed; for the rest: rm -rf $(quoted "$root")"
}

main "$@"
