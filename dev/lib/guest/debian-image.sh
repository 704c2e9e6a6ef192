#!/usr/bin/env bash
# Builds a Debian 12 image with its real cloud-init out of Debian packages, as a publisher of cloud images does.
#
# Usage: dev/lib/guest/debian-image.sh OUT.qcow2
#
# About 140 MB; 3 minutes, and nothing the next time, as long as this file is the same. Needs root, for the chroot in which
# apt runs, but no loop device and no mount of the image. Packages: debootstrap e2fsprogs syslinux syslinux-common mtools
# dosfstools fdisk qemu-utils.
# Environment: HVC_DEBIAN_MIRROR, where packages come from (that of this machine's apt).
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=bin/lib/say.sh
source "$here/../../../bin/lib/say.sh"
export MTOOLS_SKIP_CHECK=1 LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

readonly suite=bookworm label=cloudroot boot_start=1 boot_mib=64
readonly packages=(
  cloud-init cloud-guest-utils openssh-server linux-image-cloud-amd64 qemu-guest-agent initramfs-tools zstd systemd-sysv dbus
  iproute2 iputils-ping udev kmod e2fsprogs fdisk sudo netbase procps login
)
# What costs an emulated guest time and no test asks about.
readonly units_left_out=(
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
  systemd-networkd-wait-online.service systemd-pstore.service getty@tty1.service cloud-init-hotplugd.socket
)

# That of this machine's own sources.
mirror() {
  local found
  found=$(find /etc/apt -name '*.list' -exec cat {} + -o -name '*.sources' -exec cat {} + |
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+) .*/\2/p' | awk '/\/debian\/?$/ && !seen++')
  found=${HVC_DEBIAN_MIRROR:-$found}
  [[ -n $found ]] || fail "apt's sources on this machine have no Debian: add it, or set HVC_DEBIAN_MIRROR"
  echo "$found"
}

inside() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }

# In two steps: debootstrap knows no virtual packages, apt does.
install_debian() {
  local source
  source=$(mirror)
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$tree" "$source"
  printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
  chmod 755 "$tree/usr/sbin/policy-rc.d"
  inside apt-get install -y -q --no-install-recommends "${packages[@]}"
  rm "$tree/usr/sbin/policy-rc.d"
}

configure() {
  echo debian >"$tree/etc/hostname"
  : >"$tree/etc/machine-id"
  printf 'LABEL=%s / ext4 rw,noatime,errors=remount-ro 0 1\n' "$label" >"$tree/etc/fstab"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$tree/etc/hosts"
  # Only what the root disk needs: the initramfs for all machines is slow to unpack where CPUs are emulated.
  sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=zstd/' "$tree/etc/initramfs-tools/initramfs.conf"
  printf '%s\n' virtio_pci virtio_blk virtio_scsi sd_mod ext4 >"$tree/etc/initramfs-tools/modules"
  # As Debian's own cloud images: the data source is asked for, the network is systemd-networkd's.
  cat >"$tree/etc/cloud/cloud.cfg.d/90_image.cfg" <<'END'
datasource_list: [ NoCloud, None ]
ssh_genkeytypes: [ ed25519 ]
manage_etc_hosts: true
locale: false
system_info:
  network:
    renderers: [ networkd ]
END
  inside systemctl -q enable systemd-networkd ssh qemu-guest-agent serial-getty@ttyS0
  inside systemctl -q mask "${units_left_out[@]}"
  inside python3 -m compileall -q /usr/lib/python3/dist-packages >/dev/null || true
  inside update-initramfs -u -k all
  # What the first boot must make anew, and what nobody reads.
  rm -rf "$tree"/etc/ssh/ssh_host_* "$tree"/var/lib/dbus/machine-id "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/* \
    "$tree"/usr/share/{man,doc,locale,info}/* "$tree"/var/log/*.log
}

# A gap for the boot loader, a FAT partition to boot from, the root file system.
make_disk() {
  local out=$1 root_start=$((boot_start + boot_mib)) root_mib file
  root_mib=$(($(du -sm --exclude=./boot "$tree" | cut -f 1) * 11 / 10 + 200))
  truncate -s $((root_start + root_mib))M "$out"
  printf 'start=%d, size=%d, type=e, bootable\nstart=%d, type=83\n' $((boot_start * 2048)) $((boot_mib * 2048)) $((root_start * 2048)) |
    sfdisk -q "$out"
  # mkfs.fat takes all that is behind the offset.
  truncate -s "${root_start}M" "$out"
  mkfs.fat -F 16 -n BOOT --offset $((boot_start * 2048)) "$out" $((boot_mib * 1024)) >/dev/null
  truncate -s $((root_start + root_mib))M "$out"
  cat >"$work/syslinux.cfg" <<END
DEFAULT debian
LABEL debian
  LINUX /vmlinuz
  INITRD /initrd.img
  APPEND root=LABEL=$label ro console=tty0 console=ttyS0,115200 quiet
END
  for file in vmlinuz initrd.img; do cp "$tree"/boot/"$file"-* "$work/$file"; done
  mcopy -i "$out@@$((boot_start << 20))" "$work"/{vmlinuz,initrd.img,syslinux.cfg} ::/
  syslinux --offset $((boot_start << 20)) --install "$out"
  dd if=/usr/lib/SYSLINUX/mbr.bin of="$out" bs=440 count=1 conv=notrunc status=none
  mke2fs -q -F -t ext4 -L "$label" -m 1 -d "$tree" -E "offset=$((root_start << 20)),lazy_itable_init=1" "$out" "${root_mib}M"
}

main() {
  local out stamp
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  (($# == 1)) || fail "names one file; see --help"
  [[ $(id -u) == 0 ]] || fail "needs root"
  out=$(realpath -m "$1")
  stamp=$(sha256sum <"${BASH_SOURCE[0]}")
  if [[ -s $out && $(cat "$out.stamp" 2>/dev/null) == "$stamp" ]]; then
    say "$out is up to date"
    return
  fi
  mkdir -p "$(dirname "$out")"
  work=$(mktemp -d "$(dirname "$out")/debian.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  tree=$work/tree
  install_debian
  configure
  make_disk "$work/disk.raw"
  qemu-img convert -c -O qcow2 "$work/disk.raw" "$work/disk.qcow2"
  mv "$work/disk.qcow2" "$out"
  echo "$stamp" >"$out.stamp"
  say "built $out ($(du -h "$out" | cut -f 1))"
}

main "$@"
