# shellcheck shell=bash
# The Lua of the store passes luacheck, and each file declares the fragments and names that it uses, and no others.
check() {
  local folder=Sources/Shared/Store/Scripts file problems
  need luacheck lua-check
  # One fragment is made in Swift (LuaFile+operations.swift).
  declare -A provided=([operations]=$'operation\ntransition\nmay_become\ntakes_capacity\nis_held_by_job\nfields_of_other_queue') uses=([operations]='')
  for file in "$folder"/Fragments/*.lua; do
    provided[$(basename "$file" .lua)]=$(locals_of "$file")
    uses[$(basename "$file" .lua)]=$(declared "$file" uses)
  done
  problems=$(for file in "$folder"/*/*.lua; do lint "$file"; done)
  [[ -z $problems ]] || { echo "$problems" && return 1; }
}

# lint FILE: in a file is known what its fragments provide; what a fragment itself provides, others use.
lint() {
  local file=$1 name taken='' globals=(redis cjson KEYS ARGV P) ignored=(none)
  for name in $(declared "$file" needs); do
    [[ -v provided[$name] ]] || { echo "$file needs the fragment $name, which is not there" && continue; }
    uses_any "$file" "${provided[$name]}" || echo "$file needs the fragment $name and does not use it"
    mapfile -t -O "${#globals[@]}" globals <<<"${provided[$name]}"
    taken+=" ${uses[$name]//$'\n'/ } "
  done
  for name in $(declared "$file" constants) $(declared "$file" uses) $(arguments "$file"); do
    uses_any "$file" "$name" || [[ $taken == *" $name "* ]] || echo "$file declares $name and does not use it"
    if hides_other "$name"; then echo "$file calls an argument $name, as Lua or a fragment calls something else"; fi
    globals+=("$name")
  done
  if [[ $file == */Fragments/* ]]; then
    for name in $(locals_of "$file"); do ignored+=("2../^$name\$"); done
  fi
  luacheck --no-color --codes --no-config --no-cache --std lua51 --max-line-length 140 --formatter plain \
    --read-globals "${globals[@]}" --ignore "${ignored[@]}" -- "$file" || true
}

# declared FILE WHAT: the words that the file's header declares, a line each.
declared() { sed -n "/^--/!q;s/^-- $2: //p" "$1" | tr -d ' ' | tr ',' '\n'; }

# arguments FILE: the names of its arguments.
arguments() { sed -nE '/^--/!q;s/^-- ARGV ([a-z0-9_]+).*/\1/p' "$1"; }

# locals_of FILE: the names that it defines at its top, a line each.
locals_of() {
  sed -nE 's/^local function ([A-Za-z_0-9]+).*/\1/p;t;s/^local ([A-Za-z_0-9, ]+)( =.*|$)/\1/p' "$1" | tr -d ' ' | tr ',' '\n'
}

# uses_any FILE NAMES: whether one of the names is a word of its code.
uses_any() { sed 's/--.*//' "$1" | grep -wF -e "$2" >/dev/null; }

# hides_other NAME: arguments are known in fragments, too, so that none may be called as what these use.
hides_other() {
  local names
  case $1 in
    redis | cjson | string | table | math | type | pairs | ipairs | next | select | error | unpack | tonumber | tostring) return 0 ;;
  esac
  for names in "${provided[@]}"; do
    if [[ $'\n'$names$'\n' == *$'\n'"$1"$'\n'* ]]; then return 0; fi
  done
  return 1
}

sample() {
  local scripts=Sources/Shared/Store/Scripts name=event
  printf -- '-- Tells.\nlocal function event(kind) redis.call("XADD", P .. kind) end\n' | put "$scripts/Fragments/events.lua"
  [[ $1 == good ]] || name=evnet
  printf -- '-- Says it.\n-- ARGV what  what it says\n-- needs: events\n\n%s(what)\nevent("b")\n' "$name" |
    put "$scripts/Jobs/say.lua"
}
