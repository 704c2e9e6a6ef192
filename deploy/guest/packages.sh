# shellcheck shell=bash disable=SC2154 # cache is set by build.sh
# What the guest takes out of Debian packages: fetched once, unpacked, kept. Nothing is installed.

# Loaded by the guest in this order; from the package that linux-image-cloud-amd64 depends on.
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
  drivers/char/virtio_console
  drivers/input/evdev
  drivers/acpi/button
  drivers/cdrom/cdrom
  fs/isofs/isofs
  fs/fat/fat
  fs/nls/nls_cp437
  fs/nls/nls_ascii
  fs/fat/vfat
)

# An ssh server, the guest agent, what makes and grows a file system, and the libraries of all of them.
readonly packages=(
  dropbear-bin libtomcrypt1 libtommath1 libgmp10 libcrypt1 zlib1g
  qemu-guest-agent libglib2.0-0 libpcre2-8-0 liburing2 libudev1 libnuma1
  e2fsprogs libext2fs2 libcom-err2 libblkid1 libuuid1
  libc6
)
readonly programs=(usr/sbin/dropbear usr/bin/dropbearkey usr/sbin/qemu-ga sbin/resize2fs)
readonly loader=lib64/ld-linux-x86-64.so.2 libraries=lib/x86_64-linux-gnu

# Prints the folder that has all of it, of the newest kernel that was fetched: vmlinuz, modules/, programs/, tools/.
unpacked() {
  local found
  mkdir -p "$cache"
  found=$(newest_unpacked)
  if [[ -z $found ]]; then
    fetch_all
    found=$(newest_unpacked)
  fi
  [[ -n $found ]] || fail "nothing was found in $cache after the download; remove that folder and try again"
  printf '%s\n' "$found"
}

# What earlier versions of these lists left there does not count.
newest_unpacked() { find "$cache" -mindepth 1 -maxdepth 1 -name "linux-image-*+$(lists_hash)" -type d | sort -V | tail -n 1; }

lists_hash() { printf '%s\n' "${modules[@]}" "${packages[@]}" "${programs[@]}" | sha256sum | cut -c 1-12; }

fetch_all() {
  local scratch
  scratch=$(mktemp -d "$cache/fetch.XXXXXX")
  if ! download_all "$scratch" && ! { refresh_lists && download_all "$scratch"; }; then
    rm -rf "$scratch"
    fail "cannot fetch linux-image-cloud-amd64 and ${packages[*]} (Debian, amd64); check the network, then run: apt-get update"
  fi
  keep "$(basename "$scratch"/linux-image-*.deb | cut -d_ -f1)" "$scratch"
}

download_all() {
  local kernel
  kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" && /linux-image/ {print $2; exit}')
  [[ -n $kernel ]] || return 1
  printf 'guest image: fetching %s and %d small packages\n' "$kernel" "${#packages[@]}" >&2
  (cd "$1" && apt-get download -qq -o APT::Sandbox::User=root "$kernel" "${packages[@]}" >&2)
}

refresh_lists() {
  [[ $(id -u) == 0 ]] || return 1
  printf 'guest image: the package lists are old, refreshing them\n' >&2
  apt-get update -qq >&2
}

# keep KERNEL SCRATCH: only what the image takes, then renames: a build that is stopped half way leaves no half cache.
keep() {
  local kernel=$1 scratch=$2 all=$2/all kept=$2/kept package module final
  for package in "$scratch"/*.deb; do dpkg-deb -x "$package" "$all"; done
  mkdir -p "$kept"/{modules,tools}
  cp "$all"/boot/vmlinuz-* "$kept/vmlinuz"
  for module in "${modules[@]}"; do
    cp "$all"/lib/modules/*/kernel/"$module.ko" "$kept/modules/"
  done
  strip --strip-debug "$kept"/modules/*.ko
  keep_programs "$all" "$kept/programs" "${programs[@]}"
  keep_programs "$all" "$kept/tools" sbin/mke2fs
  final=$cache/$kernel+$(lists_hash)
  rm -rf "$final"
  mv "$kept" "$final"
  rm -rf "$scratch"
}

# keep_programs FROM TO PROGRAM…: programs with the libraries that they load, and the loader.
keep_programs() {
  local from=$1 to=$2 program library
  shift 2
  mkdir -p "$to"/{bin,lib64,"$libraries"}
  cp -L "$from/$loader" "$to/$loader"
  for program in "$@"; do
    cp "$from/$program" "$to/bin/"
    while IFS= read -r library; do
      cp -L "$library" "$to/$libraries/"
    done < <(libraries_of "$from" "$program")
  done
}

# Asked of the package's own loader: the machine's may be older.
libraries_of() {
  "$1/$loader" --library-path "$1/$libraries:$1/usr/$libraries" --list "$1/$2" | awk -v root="$1/" 'index($3, root) == 1 { print $3 }'
}

# run_tool FOLDER PROGRAM ARGUMENT…: a program of the packages, which need not be installed here.
run_tool() { "$1/tools/$loader" --library-path "$1/tools/$libraries" "$1/tools/bin/$2" "${@:3}"; }
