#!/usr/bin/env bash
# Compares the records in Redis with each other and with what is on the machines; ends with status 0 when all is well.
#
# Usage: bash bin/audit.sh [--repair [--all]] [--json]
#
#   --repair   repairs what can be repaired without harm; domains are never touched
#   --all      with --repair, deletes disks without an owner however young they are
#   --json     prints the findings as JSON
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root redis; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

main() {
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  use_installation "the audit of what root started" "$@"
  exec "$release/hvc-worker" audit "$@"
}

main "$@"
