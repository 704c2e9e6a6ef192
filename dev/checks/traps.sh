# shellcheck shell=bash
# Nothing in Sources ends the process on bad input, and each unchecked promise has its reason beside it.
check() {
  local status=0 found
  if found=$(swift_lines '\btry!|\bas!|\bfatalError\(|\bpreconditionFailure\('); then
    printf 'ends the process:\n%s\n' "$found" && status=1
  fi
  if found=$(unexplained); then
    printf 'unchecked, without a comment that says why it is safe:\n%s\n' "$found" && status=1
  fi
  return "$status"
}

swift_lines() { files 'Sources/*.swift' | xargs -r -d '\n' grep -nHE "$1"; }

# Unchecked promises with no comment on the line or on one of the three above it.
unexplained() {
  # shellcheck disable=SC2016 # awk's own
  files 'Sources/*.swift' | xargs -r -d '\n' awk '
    FNR == 1 { comment = -9 }
    /\/\// { comment = FNR }
    /@unchecked Sendable|nonisolated\(unsafe\)/ && FNR - comment > 3 { print FILENAME ":" FNR ": " $0; found = 1 }
    END { exit !found }'
}

sample() {
  put Sources/A.swift <<'END'
// Safe: has no state.
final class Box: @unchecked Sendable {}
END
  [[ $1 == good ]] || put Sources/B.swift <<<'final class Bag: @unchecked Sendable {}'
}
