#!/usr/bin/env bash
# Builds a tiny bootable disk image for x86-64 guests out of Debian packages.
#
# Usage: deploy/guest/build.sh [--force] OUT.qcow2
#
#   OUT.qcow2   the image to write; its folder is made
#   --force     build even when OUT.qcow2 is up to date
#
# Inside: Debian's cloud kernel, busybox as init and shell, syslinux as boot loader (BIOS). About 13 MB. Boots in a
# guest of 1 CPU, 128 MiB and says on the serial console what it found; see the file `init` beside this one.
#
# Needs no root, no loop device and no mount. The kernel is fetched once with `apt-get download` (not installed) into
# HVC_CACHE_DIR (default: var/cache in the project); later builds need no network. The same inputs give the same bytes.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${HVC_CACHE_DIR:-$here/../../var/cache}/guest
export MTOOLS_SKIP_CHECK=1 LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1700000000
PATH=$PATH:/usr/sbin:/sbin

readonly disk_mib=20 first_sector=2048

# Loaded by init in this order.
readonly modules=(
  drivers/virtio/virtio_ring
  drivers/virtio/virtio
  drivers/virtio/virtio_pci_legacy_dev
  drivers/virtio/virtio_pci_modern_dev
  drivers/virtio/virtio_pci
  drivers/virtio/virtio_balloon
  drivers/block/virtio_blk
  net/core/failover
  drivers/net/net_failover
  drivers/net/virtio_net
  drivers/char/hw_random/virtio-rng
  drivers/input/evdev
  drivers/acpi/button
)

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

# Prints the folder that the newest cached kernel package is unpacked in; fetches one if there is none.
kernel_root() {
  local found
  found=$(newest_kernel)
  if [[ -z $found ]]; then
    fetch_kernel
    found=$(newest_kernel)
  fi
  [[ -n $found ]] || fail "no kernel was found in $cache after the download; remove that folder and try again"
  printf '%s\n' "$found"
}

newest_kernel() { find "$cache" -mindepth 1 -maxdepth 1 -name 'linux-image-*' -type d 2>/dev/null | sort -V | tail -n 1; }

fetch_kernel() {
  local scratch
  mkdir -p "$cache"
  scratch=$(mktemp -d "$cache/fetch.XXXXXX")
  if ! download_kernel "$scratch" && ! { refresh_lists && download_kernel "$scratch"; }; then
    rm -rf "$scratch"
    fail "cannot fetch linux-image-cloud-amd64 (Debian, amd64); check the network, then run: apt-get update"
  fi
  unpack_kernel "$(basename "$scratch"/linux-image-*.deb | cut -d_ -f1)" "$scratch"
}

download_kernel() {
  local package
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" && /linux-image/ {print $2; exit}')
  [[ -n $package ]] || return 1
  printf 'guest image: fetching %s\n' "$package" >&2
  (cd "$1" && apt-get download -qq -o APT::Sandbox::User=root "$package" >&2)
}

refresh_lists() {
  [[ $(id -u) == 0 ]] || return 1
  printf 'guest image: the package lists are old, refreshing them\n' >&2
  apt-get update -qq >&2
}

# Keeps only what the image takes, then renames: a build that is stopped half way leaves no half cache.
unpack_kernel() {
  local package=$1 scratch=$2 module modules_root kept=$2/kept
  dpkg-deb -x "$scratch"/*.deb "$scratch/all"
  modules_root=$(echo "$scratch"/all/lib/modules/*/kernel)
  mkdir -p "$kept/modules"
  cp "$scratch"/all/boot/vmlinuz-* "$kept/vmlinuz"
  for module in "${modules[@]}"; do
    cp "$modules_root/$module.ko" "$kept/modules/"
  done
  strip --strip-debug "$kept"/modules/*.ko
  rm -rf "${cache:?}/$package"
  mv "$kept" "$cache/$package"
  rm -rf "$scratch"
}

# One line that changes when anything that goes into the image changes.
fingerprint() {
  { echo "${1##*/}" && cat "$here"/{build.sh,init,dhcp,syslinux.cfg} "$(command -v busybox)"; } | sha256sum | cut -d' ' -f1
}

make_initrd() {
  local kernel=$1 out=$2 root=$work/root module
  mkdir -p "$root"/{bin,dev,etc,modules,proc,run,sys,tmp,var,www}
  cp "$(command -v busybox)" "$root/bin/busybox"
  ln -s busybox "$root/bin/sh"
  for module in "${modules[@]}"; do
    cp "$kernel/modules/${module##*/}.ko" "$root/modules/"
    echo "${module##*/}"
  done >"$root/modules/order"
  install -m 755 "$here/init" "$root/init"
  install -m 755 "$here/dhcp" "$root/etc/dhcp"
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  (cd "$root" && find . -print0 | sort -z | cpio --quiet --reproducible -0 -o -H newc -R 0:0) | gzip -9n >"$out"
}

make_disk() {
  local out=$1 mbr=/usr/lib/SYSLINUX/mbr.bin file
  [[ -r $mbr ]] || mbr=/usr/lib/syslinux/mbr/mbr.bin
  for file in vmlinuz initrd.gz syslinux.cfg; do
    touch -d "@$SOURCE_DATE_EPOCH" "$work/$file"
  done
  truncate -s "${disk_mib}M" "$out"
  printf 'label-id: 0x48564331\nstart=%d, type=e, bootable\n' "$first_sector" | sfdisk -q "$out"
  mkfs.fat --invariant -F 16 -n HVCGUEST --offset "$first_sector" "$out" $((disk_mib * 1024 - first_sector / 2)) >/dev/null
  (cd "$work" && mcopy -m -i "$out@@$((first_sector * 512))" vmlinuz initrd.gz syslinux.cfg ::/)
  syslinux --offset $((first_sector * 512)) --install "$out"
  dd if="$mbr" of="$out" bs=440 count=1 conv=notrunc status=none
}

build() {
  local out=$1 kernel=$2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp "$kernel/vmlinuz" "$here/syslinux.cfg" "$work/"
  make_initrd "$kernel" "$work/initrd.gz"
  make_disk "$work/disk.raw"
  qemu-img convert -c -O qcow2 "$work/disk.raw" "$out.new.$$"
  mv "$out.new.$$" "$out"
}

main() {
  local force='' out='' kernel stamp
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
  kernel=$(kernel_root)
  stamp=$(fingerprint "$kernel")
  if [[ -z $force && -s $out && $(cat "$out.stamp" 2>/dev/null) == "$stamp" ]]; then
    printf 'guest image: %s is up to date\n' "$out" >&2
    return
  fi
  build "$out" "$kernel"
  echo "$stamp" >"$out.stamp"
  printf 'guest image: built %s (%s)\n' "$out" "$(du -h "$out" | cut -f1)" >&2
}

main "$@"
