# shellcheck shell=bash
# Each piece of Swift in the documents stands word for word in a test, so it is compiled and run.
# shellcheck disable=SC2016 # backticks of the documents
check() {
  local status=0 document number
  while IFS= read -r document; do
    for ((number = 1; number <= $(grep -c '^```swift$' "$document"); number++)); do
      is_in_a_test "$document" "$number" ||
        { echo "$document: piece $number of Swift stands in no file of Tests/ as it is here" && status=1; }
    done
  done < <(files '*.md')
  return "$status"
}

# is_in_a_test DOCUMENT NUMBER
is_in_a_test() {
  local piece test
  piece=$(awk -v wanted="$2" '/^```$/ { inside = 0 } inside && number == wanted; /^```swift$/ { inside = 1; number++ }' "$1")
  while IFS= read -r test; do
    [[ $(<"$test") != *"$piece"* ]] || return 0
  done < <(files 'Tests/*.swift')
  return 1
}

sample() {
  put docs/a.md <<'EOF'
```swift
let a = 1
```

```swift
let b = 2
let c = 3
```
EOF
  put Tests/ATests.swift <<<$'let a = 1\nlet b = 2\nlet c = 3'
  [[ $1 == good ]] || sed -i 's/let c = 3/let c = 4/' Tests/ATests.swift
}
