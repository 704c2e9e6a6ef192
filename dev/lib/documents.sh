# shellcheck shell=bash
# Commands of the documents, and the answers that they show.

# For the documents' own calls, not for those of the scripts: a call that the API refuses is a command that fails.
# shellcheck disable=SC2016,SC2034 # for the shell that runs the commands; used by the scripts
readonly strict_curl='curl() { command curl --fail-with-body -sS --noproxy "*" "$@"; }'$'\n'

# compare PLACE SHOWN GOT: … in what is shown stands for anything, and blanks do not count.
compare() {
  local shown rest piece
  shown=$(tr -d '[:space:]' <<<"$2") rest=$(tr -d '[:space:]' <<<"$3")
  while IFS= read -r piece; do
    [[ $rest == *"$piece"* ]] || fail "$1: the document shows '$piece' where the answer goes on with '${rest:0:200}'"
    rest=${rest#*"$piece"}
  done <<<"${shown//…/$'\n'}"
}
