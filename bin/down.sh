#!/usr/bin/env bash
# Stops the gateway, the workers and the private Redis. VMs, their records and all data stay as they are; bin/up.sh goes
# on from there. Programs get HVC_GRACE seconds (25) to finish what they are at; none is killed.
#
# Usage: bash bin/down.sh
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root services redis redis-server; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

main() {
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  (($# == 0)) || fail "takes no arguments; see: bash $0 --help"
  [[ ! -e $run_dir || -w $run_dir ]] || become_root "stopping what root started"
  lock_services
  load_settings
  # shellcheck disable=SC2046 # names without spaces
  end_services gateway $(known_workers) || fail "Redis is left running for what has not stopped"
  end_redis || fail "Redis has not stopped"
  say "all stopped; VMs and data are left as they are"
}

main "$@"
