# shellcheck shell=bash
# Swift sources are as `swift format lint --strict` wants them.
check() {
  local sources
  need swift "the Swift toolchain"
  mapfile -t sources < <(files '*.swift')
  ((${#sources[@]} > 0)) || { echo "there are no Swift files" && return 1; }
  swift format lint --strict --parallel --configuration "$HVC_PROJECT/.swift-format" "${sources[@]}"
}

sample() {
  put Sources/Tidy.swift <<<'let answer = 42'
  [[ $1 == good ]] || put Sources/Untidy.swift <<<'let  answer=42 ;'
}
