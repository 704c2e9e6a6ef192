# shellcheck shell=bash disable=SC2034,SC2154 # var is set by settings.sh, tree is used by backup.sh and restore.sh
# What bin/backup.sh writes and bin/restore.sh reads: a folder `hvc-backup` with `folder` (where the installation was),
# `settings`, `files/HVC_…_FILE`, and `redis.rdb`, a copy of the private Redis' data.

# Sets work to a folder that goes with the script, and tree to the archive's folder in it.
make_tree() {
  mkdir -p "$var"
  work=$(mktemp -d "$var/archive.XXXXXX")
  tree=$work/hvc-backup
  trap 'rm -rf "$work"' EXIT
  (umask 077 && mkdir "$tree")
  umask 077
}
