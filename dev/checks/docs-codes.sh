# shellcheck shell=bash
# docs/api.md has the HTTP status of each failure code, as the gateway has it.
check() {
  local documented known
  known=$(statuses | sort)
  [[ -n $known ]] || { echo "no codes were found in Sources" && return 1; }
  # shellcheck disable=SC2016 # backticks of the document
  documented=$(sed -nE 's/^\| `([a-z_]+)` \| ([0-9]{3}) \|.*/\1 \2/p' docs/api.md | sort)
  diff --label docs/api.md --label Sources -u0 <(echo "$documented") <(echo "$known")
}

# Prints CODE STATUS for each code: its text from the enum, its status from the switch.
statuses() {
  awk '
    /enum FailureCode/ { inside = 1 }
    FILENAME ~ /Failure\.swift$/ && inside && $1 == "case" { text[$2] = $3 == "=" ? $4 : $2; gsub("\"", "", text[$2]) }
    FILENAME ~ /\+status/ && $1 == "case" {
      split($0, sides, /: /)
      gsub(/ *case |[ .]/, "", sides[1])
      count = split(sides[1], names, ",")
      for (i = 1; i <= count; i++) print text[names[i]], sides[2]
    }' Sources/Shared/Model/Failure.swift Sources/Shared/API/FailureCode+status.swift
}

sample() {
  put Sources/Shared/Model/Failure.swift <<'EOF'
package enum FailureCode: String {
    case unknownVM = "unknown_vm"
    case deadline
    case storageFull = "storage_full"
}
EOF
  put 'Sources/Shared/API/FailureCode+status.swift' <<'EOF'
        case .unknownVM, .deadline: 404
        case .storageFull: 507
EOF
  # shellcheck disable=SC2016 # backticks of the document
  printf '| `%s` | %s | x |\n' unknown_vm 404 deadline 404 storage_full 507 | put docs/api.md
  [[ $1 == good ]] || sed -i 's/507/500/' docs/api.md
}
