# shellcheck shell=bash
# Each HVC_ variable that the programs or the scripts of bin/ read is described in the documents.
check() {
  local status=0 name documents
  mapfile -t documents < <(files 'README.md' 'docs/*.md')
  while IFS= read -r name; do
    grep -qw -- "$name" "${documents[@]:-/dev/null}" ||
      { echo "$name is read, but in no document (README.md, docs/)" && status=1; }
  done < <({ written && composed && scripted; } | sort -u)
  return "$status"
}

written() { files 'Sources/*.swift' | xargs -r -d '\n' grep -hoE '"HVC_[A-Z_]+"' | tr -d '"'; }

# Names that a function puts together: "HVC_X_\(argument)" in `func name(` and name("Y" give HVC_X_Y.
composed() {
  # shellcheck disable=SC2016 # awk's own
  files 'Sources/*.swift' | xargs -r -d '\n' awk '
    match($0, /func [A-Za-z]+\(/) { function_name = substr($0, RSTART + 5, RLENGTH - 6) }
    match($0, /"HVC_[A-Z_]+_\\\(/) { prefix[function_name] = substr($0, RSTART + 1, RLENGTH - 3) }
    match($0, /[A-Za-z]+\("[A-Z]+"/) { split(substr($0, RSTART, RLENGTH), call, /[("]+/); calls[call[1] " " call[2]] }
    END { for (each in calls) { split(each, call, " "); if (call[1] in prefix) print prefix[call[1]] call[2] } }'
}

# What the scripts pass to each other is no setting.
scripted() { files 'bin/*.sh' | xargs -r -d '\n' grep -hoE '\bHVC_[A-Z_]+\b' | grep -vx HVC_CALLER_PATH || true; }

sample() {
  put Sources/A.swift <<'EOF'
let name = "HVC_PORT"
func ratio(_ resource: String) { read("HVC_RATIO_\(resource)") }
let cpu = ratio("CPU")
EOF
  put docs/a.md <<<'HVC_PORT: the port. HVC_RATIO_CPU: a ratio.'
  [[ $1 == good ]] || put Sources/B.swift <<<'let ram = ratio("RAM")'
}
