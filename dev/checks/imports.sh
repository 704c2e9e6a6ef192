# shellcheck shell=bash
# Modules import only what their place in the house allows.
check() {
  local status=0
  only_in '(CHiredis)' '^Sources/Shared/RedisClient/' "only RedisClient imports CHiredis" || status=1
  only_in '(CSSL)' '^Sources/Shared/Client/' "only Client imports CSSL" || status=1
  only_in '(CMalloc)' '^Sources/Shared/Bootstrap/' "only Bootstrap imports CMalloc" || status=1
  only_in '(CXML)' '^Sources/Shared/XML/' "only XML imports CXML" || status=1
  only_in '(CLibvirt)' '^Sources/Shared/Libvirt/' "only Libvirt imports CLibvirt" || status=1
  only_in '(Libvirt)' '^(Sources/Worker|Tests)/' "only the worker imports Libvirt" || status=1
  pure Sources/Shared/Model '(Foundation|FoundationEssentials)' || status=1
  pure Sources/Shared/Placement '(Foundation|FoundationEssentials|Model)' || status=1
  pure Sources/Shared/API '(Foundation|FoundationEssentials|Model|Placement)' || status=1
  # Its start slows each command.
  pure Sources/Shared/Client '(API|CSSL|Foundation|Glibc|Synchronization)' || status=1
  return "$status"
}

# Prints FILE:LINE:MODULE for each import in the Swift files below FOLDER.
imports() {
  files "$1/*.swift" | xargs -r -d '\n' grep -nHE '^[^/"]*\bimport +[A-Za-z]' |
    sed -E 's/^([^:]*:[0-9]+):.*\bimport +(struct|class|enum|func|protocol|typealias|let|var)? *([A-Za-z_0-9]+).*/\1:\3/'
}

only_in() {
  local found
  found=$({ imports Sources; imports Tests; } | grep -E ":$1\$" | grep -vE "$2") || return 0
  printf '%s:\n%s\n' "$3" "$found"
  return 1
}

pure() {
  local found
  found=$(imports "$1" | grep -vE ":$2\$") || return 0
  printf '%s is pure, and may import only %s:\n%s\n' "$1" "$2" "$found"
  return 1
}

sample() {
  put Sources/Shared/Model/A.swift <<<'public import struct Foundation.UUID'
  put Sources/Worker/A.swift <<<'import Libvirt'
  [[ $1 == good ]] || put Sources/APIGateway/A.swift <<<'internal import Libvirt'
}
