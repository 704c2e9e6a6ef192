# shellcheck shell=bash disable=SC2154 # document, compose, project and log_dir are set by dev/compose-test
# The commands of docs/compose.md: blocks that begin with ```sh compose NAME, and the ```text that one may be followed by.

declare -A commands_run=()

# block NAME, answer NAME: print its lines, and those of its answer.
block() { read_blocks "$1" commands; }
answer() { read_blocks "$1" answer; }

read_blocks() {
  awk -v name="$1" -v wanted="$2" '
    /^```/ && open { open = 0; if (part == "answer") near = 0; next }
    /^```/ {
      open = 1; part = ""
      if ($0 == "```sh compose " name) { part = "commands"; near = 1 }
      else if ($0 == "```text" && near) part = "answer"
      else near = 0
      next
    }
    open && part == wanted
    !open && NF { near = 0 }' "$document"
}

block_names() { sed -n 's/^```sh compose //p' "$document"; }

# run_block NAME: runs it as somebody would who stands in the project's folder, and compares what it says with the
# answer.
run_block() {
  local name=$1 text log=$log_dir/block-$1.log
  text=$(block "$name")
  [[ -n $text ]] || fail "$document has no block '$name'"
  printf '%s\n' "$text" | sed 's/^/        $ /'
  long "commands '$name'" "$log" in_project "$text"
  commands_run[$name]=yes
  compare "block '$name'" "$(answer "$name")" "$(<"$log")"
}

# The same with no word.
run_quietly() {
  in_project "$(block "$1")" >"$log_dir/block-$1.log" 2>&1 </dev/null || return 1
  commands_run[$1]=yes
  compare "block '$1'" "$(answer "$1")" "$(<"$log_dir/block-$1.log")"
}

# in_project TEXT
in_project() {
  (cd "$project" && bash -euo pipefail -c "$strict_curl$(with_compose "$1")")
}

# Puts the command that is tested in the place of the one that is written.
with_compose() { sed -E "s/(^|[ (|])docker-compose /\1$compose /g" <<<"$1"; }

check_all_were_run() {
  local name
  while IFS= read -r name; do
    [[ -n ${commands_run[$name]:-} ]] || fail "the block '$name' of $document was not run"
  done < <(block_names)
  say "all $(block_names | wc -l) blocks of commands in docs/compose.md were run"
}
