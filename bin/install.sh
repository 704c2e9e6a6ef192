#!/usr/bin/env bash
# Installs what is needed, builds, and starts everything; ends with all of it running.
#
# Usage: bash bin/install.sh [PM_FILE IMAGE_FILE FLAVOR_FILE]
#
#   PM_FILE       addresses of the physical machines, one a line
#   IMAGE_FILE    paths of the disk images, one a line, here or as user@host:/path
#   FLAVOR_FILE   the types: "types": [{"cpu": 1, "ram": 512, "disk": 1}, …]
#
# With no files, now or before, it shows itself: this machine is the only PM, a tiny bootable image is built, and a VM
# `hello` is created.
# Run again, it only does what is missing. Needs root or sudo, Debian's apt, and Swift 6.2 or newer.
#
# Environment (bin/up.sh keeps it in var/settings):
#   HVC_PORT        port of the API (8080)          HVC_HOST        address it listens on (127.0.0.1)
#   HVC_WORKERS     number of workers (2)           HVC_LOG_LEVEL   trace, debug, info, … (info)
#   HVC_REDIS_URL   a Redis to use; without it a private redis-server is started, with its data in var/redis
#   HVC_PREFIX      what every Redis key starts with (hvc:)
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root packages swift services redis redis-server libvirtd demo check start report; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

take_files() {
  local file
  for file in "$@"; do
    [[ -f $file && -r $file ]] || fail "$file: there is no such file, or it cannot be read"
  done
  export HVC_PM_FILE=$1 HVC_IMAGE_FILE=$2 HVC_FLAVOR_FILE=$3
}

# Neither the arguments nor the environment nor the last run names PMs other than the demonstration's.
is_demo() { [[ -z ${HVC_FLEET:-} && ${HVC_PM_FILE:-$demo_files/pms} == "$demo_files/pms" ]]; }

main() {
  local demo=''
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  (($# == 0 || $# == 3)) || fail "give three files, or none; see: bash $0 --help"
  become_root "installing" "$@"
  (($# == 0)) || take_files "$@"
  load_settings
  ! is_demo || demo=yes
  expect_swift
  install_packages "${packages_run[@]}" "${packages_build[@]}" "${packages_image[@]}"
  find_swift
  build_release
  if [[ -n $demo ]]; then
    ensure_libvirtd
    write_demo_files
  fi
  lock_services
  start_everything
  [[ -z $demo ]] || show_hello
  print_summary
  say "all done"
}

main "$@"
