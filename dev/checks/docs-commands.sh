# shellcheck shell=bash
# Each block of commands in the documents is run by dev/tour or dev/compose-test, or marked as to be typed by hand.
# shellcheck disable=SC2016 # backticks of the documents
check() {
  local status=0 document line toured composed
  toured=" $(awk '/^readonly documents=\(/ { on = 1 } on { print } on && /\)$/ { exit }' dev/tour | tr '()\n' '   ') "
  composed=$(sed -nE 's/^readonly .*document=\$root\/([^ ]+).*/\1/p' dev/compose-test)
  while IFS= read -r document; do
    while IFS= read -r line; do
      case ${line#*:} in
        '```sh by-hand') continue ;;
        '```sh compose '[a-z]*) [[ $document != "$composed" ]] || continue ;;
        '```sh' | '```sh refused') [[ $toured != *" $document "* ]] || continue ;;
      esac
      echo "$document:$line is not run by dev/tour: write \`\`\`sh in a document of its list, \`\`\`sh compose NAME in that of" \
        "dev/compose-test, or \`\`\`sh by-hand"
      status=1
    done < <(opened <"$document" | grep -E '^[0-9]+: *```(sh|bash|shell|console|)( |$)')
  done < <(files '*.md')
  return "$status"
}

# Prints NUMBER:LINE for each line that opens a block.
opened() { awk '/^ *```/ { if (open) open = 0; else { open = 1; print FNR ":" $0 } }'; }

sample() {
  put dev/tour <<<'readonly documents=(README.md docs/a.md)'
  put dev/compose-test <<<'readonly x=1 document=$root/docs/c.md'
  printf '```sh compose c\necho c\n```\n' | put docs/c.md
  printf '```sh\necho a\n```\n\n```sh by-hand\nssh b\n```\n\n```json\n0\n```\n' | put docs/a.md
  [[ $1 == good ]] || printf '```sh compose c\necho c\n```\n' | put docs/b.md
}
