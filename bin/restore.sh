#!/usr/bin/env bash
# Puts back what bin/backup.sh wrote: the settings, the files that they name, and the private Redis' data. Stops what runs;
# bin/up.sh starts it again. VMs are not touched. What was there is kept beside it.
#
# Usage: bash bin/restore.sh ARCHIVE
#
# Where the installation was in another folder, its settings are written for this one. Each file that a
# setting names is written there; one that is there already and differs is kept as FILE.before-restore.
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root services redis redis-server archive; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

# Nothing is changed before the archive is known to be one.
unpack() {
  tar -C "$work" --no-same-owner -xzf "$1" hvc-backup || fail "$1 cannot be read, or is no archive of bin/backup.sh"
  [[ -z $(find "$tree" ! -type f ! -type d) && -s $tree/folder && -s $tree/settings && -d $tree/files ]] ||
    fail "$1 is no archive of bin/backup.sh"
  [[ ! -e $tree/redis.rdb || $(head -c 5 "$tree/redis.rdb") == REDIS ]] || fail "$1: its redis.rdb is no copy of Redis' data"
}

# Prints the archive's settings, with this folder in place of the one where it was written.
moved_settings() {
  local line value old
  old=$(<"$tree/folder")
  while IFS= read -r line; do
    value=${line#*=}
    [[ $value != "$old"/* ]] || value=$root/${value#"$old/"}
    printf '%s=%s\n' "${line%%=*}" "$value"
  done <"$tree/settings"
}

# put_file FROM TO
put_file() {
  if [[ -e $2 ]] && cmp -s "$1" "$2"; then return; fi
  mkdir -p "$(dirname "$2")"
  if [[ -e $2 ]]; then
    cp -p "$2" "$2.before-restore"
    say "$2 differs; what was there is in $2.before-restore"
  fi
  cp "$1" "$2"
  say "$2: restored"
}

put_files() {
  local line name
  while IFS= read -r line; do
    name=${line%%=*}
    [[ ! -f $tree/files/$name ]] || put_file "$tree/files/$name" "${line#*=}"
  done <"$work/settings"
}

# An append-only file may begin with such a copy; redis-server takes the one that it finds for its own.
put_redis() {
  [[ -e $tree/redis.rdb ]] || return 0
  [[ ! -e $var/redis ]] || mv "$var/redis" "$kept/redis"
  mkdir "$var/redis"
  mv "$tree/redis.rdb" "$var/redis/appendonly.aof"
  say "redis: its data is restored"
}

main() {
  local archive kept
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  (($# == 1)) || fail "give the archive to restore; see: bash $0 --help"
  [[ -r $1 && (! -e $var || -w $var) && (! -e $run_dir || -w $run_dir) ]] || become_root "restoring what root installed" "$@"
  archive=$(absolute "$1")
  lock_services
  load_settings
  make_tree
  unpack "$archive"
  # shellcheck disable=SC2046 # names without spaces
  { end_services gateway $(known_workers) && end_redis; } || fail "nothing was restored: what is named above still runs"
  kept=$(mktemp -d "$var/before-restore-$(date +%Y-%m-%d).XXXX")
  moved_settings >"$work/settings"
  put_files
  put_redis
  [[ ! -e $var/settings ]] || mv "$var/settings" "$kept/settings"
  mv "$work/settings" "$var/settings"
  say "what was there before is in $kept; start with: bash $(quoted "$root/bin/up.sh")"
}

main "$@"
