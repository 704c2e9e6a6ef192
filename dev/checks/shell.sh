# shellcheck shell=bash
# Shell scripts pass shellcheck.
check() {
  local scripts
  need shellcheck shellcheck
  mapfile -t scripts < <(shell_scripts)
  ((${#scripts[@]} > 0)) || { echo "there are no shell scripts" && return 1; }
  shellcheck -x "${scripts[@]}"
}

# By ending, or by first line.
shell_scripts() {
  local file first bang='^#!.*[/ ](ba|da)?sh($| )'
  files . | while IFS= read -r file; do
    [[ $file != *.swift && $file != *.md ]] || continue
    { read -r first <"$file"; } 2>/dev/null || continue
    if [[ $file == *.sh || $first =~ $bang ]]; then echo "$file"; fi
  done
}

sample() {
  # shellcheck disable=SC2016 # the sample's
  printf '#!/bin/bash\necho "$1"\n' | put tidy
  # shellcheck disable=SC2016 # the sample's
  [[ $1 == good ]] || printf '#!/bin/bash\nrm -rf $1/*\n' | put untidy
}
