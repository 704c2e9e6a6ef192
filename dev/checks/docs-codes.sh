# shellcheck shell=bash
# docs/api.md has the HTTP status of each failure code, as the gateway has it.
check() {
  local told known
  known=$(statuses | sort)
  [[ -n $known ]] || { echo "no codes were found in Sources" && return 1; }
  # shellcheck disable=SC2016 # backticks of the document
  told=$(sed -nE 's/^\| `([a-z_]+)` \| ([0-9]{3}) \|.*/\1 \2/p' docs/api.md | sort)
  diff --label docs/api.md --label Sources -u0 <(echo "$told") <(echo "$known")
}

# Prints CODE STATUS for each code: its text from the enum, its status from the switch.
statuses() {
  awk '
    BEGIN {
      split("badRequest 400 unauthorized 401 forbidden 403 notFound 404 methodNotAllowed 405 requestTimeout 408 conflict 409 contentTooLarge 413 misdirectedRequest 421 " \
        "unprocessableContent 422 internalServerError 500 badGateway 502 serviceUnavailable 503 gatewayTimeout 504 notImplemented 501", words)
      for (i = 1; i in words; i += 2) number[words[i]] = words[i + 1]
    }
    /enum FailureCode/ { inside = 1 }
    FILENAME ~ /Failure\.swift$/ && inside && $1 == "case" { text[$2] = $3 == "=" ? $4 : $2; gsub("\"", "", text[$2]) }
    FILENAME ~ /httpStatus/ && $1 == "case" {
      split($0, sides, /: /)
      status = $0
      if (!sub(/.*code: /, "", status)) sub(/.*: \./, "", status)
      sub(/,.*/, "", status)
      gsub(/ *case |[ .]/, "", sides[1])
      count = split(sides[1], names, ",")
      for (i = 1; i <= count; i++) print text[names[i]], status in number ? number[status] : status
    }' Sources/Shared/Model/Failure.swift Sources/APIGateway/Replies/FailureCode+httpStatus.swift
}

sample() {
  put Sources/Shared/Model/Failure.swift <<'EOF'
public enum FailureCode: String {
    case unknownVM = "unknown_vm"
    case deadline
    case storageFull = "storage_full"
}
EOF
  put 'Sources/APIGateway/Replies/FailureCode+httpStatus.swift' <<'EOF'
        case .unknownVM, .deadline: .notFound
        case .storageFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
EOF
  # shellcheck disable=SC2016 # backticks of the document
  printf '| `%s` | %s | x |\n' unknown_vm 404 deadline 404 storage_full 507 | put docs/api.md
  [[ $1 == good ]] || sed -i 's/507/500/' docs/api.md
}
