#!/usr/bin/env bash
# Shows what runs, and how the PMs are; ends with status 1 where something that should run does not.
#
# Usage: bash bin/status.sh
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root services redis report; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

main() {
  local status=0
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  (($# == 0)) || fail "takes no arguments; see: bash $0 --help"
  [[ -e $var/settings ]] || fail "nothing was installed yet; run: bash $(quoted "$root/bin/install.sh")"
  [[ ! -e $run_dir || -w $run_dir ]] || become_root "the state of what root started"
  load_settings
  report_services || status=1
  if redis_answers; then report_pms; else say "Redis does not answer: $(redis PING)" && status=1; fi
  exit "$status"
}

main "$@"
