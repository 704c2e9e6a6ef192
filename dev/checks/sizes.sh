# shellcheck shell=bash
# Files are about one thing: no source file has more than 300 lines.
check() {
  local long
  long=$(files '*.swift' '*.lua' '*.sh' 'dev/hosts' 'dev/check' 'dev/compose-test' 'dev/soak' 'dev/tour' 'dev/fleet-load' 'dev/*.py' | xargs -r -d '\n' wc -l | awk '$2 != "total" && $1 > 300') || return 0
  [[ -n $long ]] || return 0
  printf 'longer than 300 lines:\n%s\n' "$long"
  return 1
}

sample() {
  if [[ $1 == good ]]; then seq 300; else seq 301; fi | put Sources/A.swift
}
