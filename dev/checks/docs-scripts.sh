# shellcheck shell=bash
# Each script of dev/ and each part of dev/lib stands in dev/README.md, and what stands there exists.
# shellcheck disable=SC2016 # backticks of the document
check() {
  local status=0 name
  while IFS= read -r name; do
    grep -qF "\`$name\`" dev/README.md || { echo "$name is not in dev/README.md" && status=1; }
  done < <(files 'dev/*' | sed -nE 's,^(dev/[^/.]+)$,\1,p; s,^dev/lib/([^/]+)$,\1,p')
  while IFS= read -r name; do
    [[ -e $name ]] || { echo "dev/README.md names $name, which does not exist" && status=1; }
  done < <(sed -nE 's/^\| `((dev|bin|Benchmarks)\/[^`]*)`.*/\1/p' dev/README.md)
  return "$status"
}

# shellcheck disable=SC2016 # backticks of the document
sample() {
  put dev/one <<<'#!/bin/bash'
  put dev/lib/part.sh <<<'# shellcheck shell=bash'
  printf '| `dev/one` | a script |\n| `part.sh` | its part |\n' | put dev/README.md
  [[ $1 == good ]] || put dev/two <<<'#!/bin/bash'
}
