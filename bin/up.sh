#!/usr/bin/env bash
# Starts Redis, the gateway and the workers, each under a supervisor that starts it again when it dies. What runs already is
# left alone, unless its program, settings or files have changed: then it is started anew. Settings and files are checked
# first: where one is refused, nothing is changed.
#
# Usage: bash bin/up.sh
#
# Environment: as for bin/install.sh, and HVC_PM_FILE, HVC_IMAGE_FILE, HVC_FLAVOR_FILE. What was set last time still
# holds where nothing else is said: it is kept in var/settings.
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root services redis redis-server check start report; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

main() {
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  (($# == 0)) || fail "takes no arguments; see: bash $0 --help"
  [[ ! -e $run_dir || -w $run_dir ]] || become_root "starting what root installed"
  lock_services
  load_settings
  start_everything
  print_summary
}

main "$@"
