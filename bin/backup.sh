#!/usr/bin/env bash
# Writes what the installation knows into an archive: the private Redis' data as of one moment, the settings, and the files
# that they name (the three files, tokens, passwords). What runs goes on running.
#
# Usage: bash bin/backup.sh ARCHIVE
#
#   ARCHIVE   the file to write, as hvc.tar.gz; it may hold passwords, so it is readable for its owner alone
#
# Not in it: the disks of VMs and what runs on PMs, the images, ssh keys, and the data of a Redis that HVC_REDIS_URL names.
# bin/restore.sh takes the archive.
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root services redis redis-server archive; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

save_files() {
  local name
  mkdir "$tree/files"
  for name in $(setting_names); do
    [[ $name == HVC_*_FILE && -n ${!name} ]] || continue
    cat "${!name}" >"$tree/files/$name" || fail "$name=${!name} cannot be read"
  done
}

# redis-cli asks for a copy as a replica would, which is of one moment.
save_redis() {
  # shellcheck disable=SC2034 # for redis
  local was_down='' redis_limit=600 answer
  if [[ -n ${HVC_REDIS_URL:-} ]]; then
    say "redis: its data is not in the archive, as HVC_REDIS_URL names a server of your own"
    return
  fi
  service_pid redis >/dev/null || was_down=yes
  ensure_redis
  answer=$(redis --rdb "$tree/redis.rdb") || fail "redis gives no copy of its data: $answer"
  [[ $(head -c 5 "$tree/redis.rdb") == REDIS ]] || fail "redis gave no copy of its data: $answer"
  [[ -z $was_down ]] || end_redis
}

main() {
  local archive
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  (($# == 1)) || fail "give the archive to write; see: bash $0 --help"
  [[ -e $var/settings ]] || fail "nothing was installed yet, so there is nothing to back up"
  [[ -r $var/settings && (! -e $run_dir || -w $run_dir) ]] || become_root "a backup of what root started" "$@"
  archive=$(absolute "$1")
  lock_services
  load_settings
  make_tree
  printf '%s\n' "$root" >"$tree/folder"
  cp "$var/settings" "$tree/settings"
  save_files
  save_redis
  (umask 077 && tar -C "$work" -czf "$archive.new" "${tree##*/}")
  mv "$archive.new" "$archive"
  say "written to $archive ($(stat -c %s "$archive") bytes)"
}

main "$@"
