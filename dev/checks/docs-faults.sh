# shellcheck shell=bash
# docs/faults.md numbers its faults from 1 on, and each has a test that exists or says why not yet.
# shellcheck disable=SC2016 # backticks of the document
check() {
  local status=0 number=0 found tests
  while IFS='|' read -r _ found _ _ tests _; do
    number=$((number + 1))
    ((found == number)) || { echo "docs/faults.md: fault $((found)) stands where $number is due" && status=1; }
    [[ $tests == *'](../Tests/'* || $tests == *'not yet: '?* ]] ||
      { echo "docs/faults.md: fault $number names no test: link one, or write 'not yet: ' and why" && status=1; }
    check_tests "$number" "${tests%%not yet: *}" || status=1
  done < <(grep -E '^\| *[0-9]+ \|' docs/faults.md)
  ((number > 0)) || { echo "docs/faults.md lists no faults" && return 1; }
  return "$status"
}

# check_tests NUMBER CELL: a link names a file, and the words in code behind it are names of its tests.
check_tests() {
  local status=0 word file='' names=0
  while IFS= read -r word; do
    if [[ $word == ']('* ]]; then
      file=${word#'](../'} file=${file%')'} names=0
      [[ -f $file ]] || { echo "docs/faults.md: fault $1: $file is not there" && status=1; }
    else
      word=${word#'`'} word=${word%'`'} names=$((names + 1))
      is_test "$file" "$word" || { echo "docs/faults.md: fault $1: '$word' is no test of '$file'" && status=1; }
    fi
  done < <(grep -oE '\]\([^)]*\)|`[^`]*`' <<<"$2")
  [[ -z $file || $names -gt 0 ]] || { echo "docs/faults.md: fault $1: which test of $file?" && status=1; }
  return "$status"
}

# A test is a function behind @Test; its name may be plain, or any words in backticks.
is_test() {
  [[ -f $1 ]] || return 0
  awk -v plain="func $2(" -v quoted="func \`$2\`(" '
    /@Test/ { test = 1 }
    test && (index($0, plain) || index($0, quoted)) { found = 1 }
    /func / { test = 0 }
    END { exit !found }' "$1"
}

sample() {
  put Tests/ATests.swift <<'EOF'
@Test("One")
func one() {}
@Test(arguments: [1])
func `two, in words`(number: Int) {}
func helper() {}
EOF
  put docs/faults.md <<'EOF'
| # | fault | expected | test |
| --- | --- | --- | --- |
| 1 | a | b | [ATests](../Tests/ATests.swift) `one`, `two, in words` |
| 2 | c | d | not yet: nobody has thought of it |
EOF
  [[ $1 == good ]] || sed -i 's/`one`/`helper`/' docs/faults.md
}
