#!/usr/bin/env bash
# Runs one gate: gate.sh FILE check FOLDER, or gate.sh FILE sample good|bad FOLDER. Gates use what is defined here.
set -euo pipefail

# Prints the files of the project that are, or could be, committed, and match one of the patterns.
# Root may look at a project of somebody else.
files() {
  local file
  git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r file; do
    [[ ! -f $file ]] || echo "$file"
  done
}

# need PROGRAM PACKAGE: a gate that cannot look must not pass.
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
