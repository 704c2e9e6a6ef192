#!/usr/bin/env bash
# Builds a tiny bootable disk image for x86-64 guests out of Debian packages.
#
# Usage: deploy/guest/build.sh [--force] OUT.qcow2
#
#   OUT.qcow2   the image to write; its folder is made
#   --force     build even when OUT.qcow2 is up to date
#
# Inside: Debian's cloud kernel, busybox as init and shell, dropbear as ssh server, QEMU's guest agent, syslinux as boot
# loader (BIOS). About 17 MB. Boots in a guest of 1 CPU, 128 MiB, takes a NoCloud seed and says on the serial console what
# it does; its files are in the folder `root` beside this one, and docs/guests.md says what it can do.
#
# Needs no root, no loop device and no mount. Packages are fetched once with `apt-get download` (not installed) into
# HVC_CACHE_DIR (default: var/cache in the project); later builds need no network. The same inputs give the same bytes.
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${HVC_CACHE_DIR:-$here/../../var/cache}/guest
export MTOOLS_SKIP_CHECK=1 LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1700000000
PATH=$PATH:/usr/sbin:/sbin

# A gap for the boot loader, a FAT partition to boot from, and the guest's own, which it grows with its disk.
readonly boot_start=1 boot_mib=23 data_mib=8
readonly data_start=$((boot_start + boot_mib)) sectors_a_mib=2048

# shellcheck source=SCRIPTDIR/packages.sh
source "$here/packages.sh"

usage() { sed -n '2,/^set -e/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

fail() {
  printf 'guest image: %s\n' "$*" >&2
  exit 1
}

check_tools() {
  local tool package
  while read -r tool package; do
    command -v "$tool" >/dev/null || fail "$tool is missing; install it with: apt-get install $package"
  done <<<"busybox busybox-static
cpio cpio
mcopy mtools
mkfs.fat dosfstools
sfdisk fdisk
syslinux syslinux
strip binutils
qemu-img qemu-utils
dpkg-deb dpkg"
  [[ -r /usr/lib/SYSLINUX/mbr.bin || -r /usr/lib/syslinux/mbr/mbr.bin ]] ||
    fail "mbr.bin is missing; install it with: apt-get install syslinux-common"
}

# One line that changes when anything that goes into the image changes.
fingerprint() {
  {
    echo "${1##*/}"
    (cd "$here" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
    cat "$(command -v busybox)"
  } | sha256sum | cut -d' ' -f1
}

# make_initrd UNPACKED OUT
make_initrd() {
  local root=$work/root module
  mkdir -p "$root"/{bin,data,dev,modules,proc,root/.ssh,run,sbin,sys,tmp,usr/bin,usr/sbin,var/log,www}
  chmod 700 "$root/root" "$root/root/.ssh"
  ln -s ../run "$root/var/run"
  cp "$(command -v busybox)" "$root/bin/busybox"
  ln -s busybox "$root/bin/sh"
  cp -r "$1/programs/." "$here/root/." "$root/"
  cp -r "$1/modules" "$root/"
  printf '%s\n' "${modules[@]##*/}" >"$root/modules/order"
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  (cd "$root" && find . -print0 | sort -z | cpio --quiet --reproducible -0 -o -H newc -R 0:0) | gzip -9n >"$2"
}

# make_disk UNPACKED OUT
make_disk() {
  local out=$2 mbr=/usr/lib/SYSLINUX/mbr.bin file
  [[ -r $mbr ]] || mbr=/usr/lib/syslinux/mbr/mbr.bin
  for file in vmlinuz initrd.gz syslinux.cfg; do
    touch -d "@$SOURCE_DATE_EPOCH" "$work/$file"
  done
  truncate -s $((data_start + data_mib))M "$out"
  printf 'label-id: 0x48564331\nstart=%d, size=%d, type=e, bootable\nstart=%d, type=83\n' $((boot_start * sectors_a_mib)) \
    $((boot_mib * sectors_a_mib)) $((data_start * sectors_a_mib)) | sfdisk -q "$out"
  # mkfs.fat takes all that is behind the offset.
  truncate -s "${data_start}M" "$out"
  mkfs.fat --invariant -F 16 -n HVCGUEST --offset $((boot_start * sectors_a_mib)) "$out" $((boot_mib * 1024)) >/dev/null
  truncate -s $((data_start + data_mib))M "$out"
  (cd "$work" && mcopy -m -i "$out@@$((boot_start << 20))" vmlinuz initrd.gz syslinux.cfg ::/)
  syslinux --offset $((boot_start << 20)) --install "$out"
  dd if="$mbr" of="$out" bs=440 count=1 conv=notrunc status=none
  make_data_partition "$1" "$out"
}

# Small, so that images are; what a file system of up to 1 TiB needs at its beginning is kept free.
make_data_partition() {
  local id=48564331-0000-4000-8000-000000000001
  E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH run_tool "$1" mke2fs -q -F -t ext4 -b 4096 -m 0 -L hvc-data -U "$id" \
    -E "offset=$((data_start << 20)),hash_seed=$id,resize=$(((1 << 40) / 4096)),root_owner=0:0" "$2" $((data_mib * 1024))k
}

# build OUT UNPACKED
build() {
  local out=$1 unpacked=$2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp "$unpacked/vmlinuz" "$here/syslinux.cfg" "$work/"
  make_initrd "$unpacked" "$work/initrd.gz"
  make_disk "$unpacked" "$work/disk.raw"
  qemu-img convert -c -O qcow2 "$work/disk.raw" "$out.new.$$"
  mv "$out.new.$$" "$out"
}

main() {
  local force='' out='' unpacked stamp
  while (($#)); do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --force) force=1 ;;
      -*) fail "unknown option $1; see --help" ;;
      *)
        [[ -z $out ]] || fail "one image at a time; see --help"
        out=$1
        ;;
    esac
    shift
  done
  [[ -n $out ]] || { usage >&2 && exit 2; }
  check_tools
  mkdir -p "$(dirname "$out")"
  unpacked=$(unpacked)
  stamp=$(fingerprint "$unpacked")
  if [[ -z $force && -s $out && $(cat "$out.stamp" 2>/dev/null) == "$stamp" ]]; then
    printf 'guest image: %s is up to date\n' "$out" >&2
    return
  fi
  build "$out" "$unpacked"
  echo "$stamp" >"$out.stamp"
  printf 'guest image: built %s (%s)\n' "$out" "$(du -h "$out" | cut -f1)" >&2
}

main "$@"
