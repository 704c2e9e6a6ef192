# shellcheck shell=bash
# Each relative link in the documents leads to a file of the project.
# shellcheck disable=SC2016 # backticks of the documents
check() {
  local status=0 document target
  while IFS= read -r document; do
    while IFS= read -r target; do
      target=${target%%#*}
      [[ -n $target && $target != *://* && $target != mailto:* ]] || continue
      [[ -e $(dirname "$document")/$target ]] || { echo "$document: $target leads nowhere" && status=1; }
    done < <(sed 's/`[^`]*`//g' "$document" | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//')
  done < <(files '*.md')
  return "$status"
}

sample() {
  put docs/a.md <<<'See [the readme](../README.md#tour) and [Redis](https://redis.io).'
  [[ $1 == bad ]] || put README.md <<<'# Tour'
}
