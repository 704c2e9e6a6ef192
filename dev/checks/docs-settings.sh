# shellcheck shell=bash
# Each HVC_ variable that the programs read is described in the documents.
check() {
  local status=0 name documents
  mapfile -t documents < <(files 'README.md' 'docs/*.md')
  while IFS= read -r name; do
    grep -qw -- "$name" "${documents[@]:-/dev/null}" ||
      { echo "$name is in Sources, but in no document (README.md, docs/)" && status=1; }
  done < <(files 'Sources/*.swift' | xargs -r -d '\n' grep -hoE '"HVC_[A-Z_]+"' | tr -d '"' | sort -u)
  return "$status"
}

sample() {
  put Sources/A.swift <<<'let name = "HVC_PORT"'
  put docs/a.md <<<'HVC_PORT: the port.'
  [[ $1 == good ]] || put Sources/B.swift <<<'let name = "HVC_SECRET_DOOR"'
}
