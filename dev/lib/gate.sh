#!/usr/bin/env bash
# Runs one gate: gate.sh FILE check FOLDER, or gate.sh FILE sample good|bad FOLDER. Gates use what is defined here.
set -euo pipefail

# shellcheck source=dev/lib/project.sh
source "$(dirname "${BASH_SOURCE[0]}")/project.sh"

# need PROGRAM PACKAGE: a gate that cannot check must not pass.
need() { command -v "$1" >/dev/null || { echo "$1 is missing; install it with: apt-get install $2" && exit 1; }; }

# put FILE: writes standard input there.
put() { mkdir -p "$(dirname "$1")" && cat >"$1"; }

# shellcheck disable=SC1090 # the gate
source "$1"
cd "${!#}"
case $2 in
  check) check ;;
  sample) sample "$3" ;;
esac
