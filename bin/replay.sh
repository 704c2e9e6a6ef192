#!/usr/bin/env bash
# Runs what was asked for within the last week through placement policies, and compares what they make of it.
#
# Usage: bash bin/replay.sh [--on simulated:COUNT[,option=value…]] [--policy NAME]… [--json]
#
#   --on       simulated PMs; without it those of this installation, emptied
#   --policy   a policy; all where none is given
#   --json     prints the figures as JSON
#
# Nothing is placed. What was asked for is written to var/trace.jsonl, which hvc-worker replay reads as well.
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root redis; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

main() {
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  use_installation "the replay of what root started" "$@"
  "$release/hvc-worker" trace >"$var/trace.jsonl"
  exec "$release/hvc-worker" replay "$var/trace.jsonl" "$@"
}

main "$@"
