#!/usr/bin/env bash
# Starts Redis, the gateway and the workers. What runs already is left alone, unless its program, settings or files have
# changed: then it is started anew.
#
# Usage: bash bin/up.sh
#
# Environment: as for bin/install.sh, and HVC_PM_FILE, HVC_IMAGE_FILE, HVC_FLAVOR_FILE. What it was told last time still
# holds where nothing else is said: it is kept in var/settings.
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root services redis start; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

main() {
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  (($# == 0)) || fail "takes no arguments; see: bash $0 --help"
  [[ ! -e $run_dir || -w $run_dir ]] || become_root "starting what root installed"
  load_settings
  save_settings
  start_everything
  print_summary
}

main "$@"
