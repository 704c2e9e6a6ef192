# shellcheck shell=bash disable=SC2154 # root, log_dir and release are set by settings.sh
# The Swift toolchain, and building with it.

readonly swift_needed=6.2

# Says before anything is done that Swift is needed, where there is none. One that is there and does not run may want a
# library that install_packages brings.
expect_swift() {
  local folder version
  while IFS= read -r folder; do
    [[ -n $folder && -x $folder/swift ]] || continue
    version=$(swift_version "$folder")
    if [[ -z $version ]] || is_enough "$version"; then return; fi
  done < <(swift_folders)
  fail_without_swift
}

# Nothing for one that does not run.
swift_version() {
  PATH=$1:$PATH as_builder "$1/swift" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1 || true
}

is_enough() { [[ $(printf '%s\n' "$swift_needed" "$1" | sort -V | head -n 1) == "$swift_needed" ]]; }

# Puts a good enough swift first in PATH. sudo replaces PATH, so the caller's is searched too, and the usual places.
find_swift() {
  local folder version tried=()
  while IFS= read -r folder; do
    [[ -n $folder && -x $folder/swift ]] || continue
    version=$(swift_version "$folder")
    if [[ -n $version ]] && is_enough "$version"; then
      PATH=$folder:$PATH
      say "swift: $version in $folder"
      return
    fi
    tried+=("$folder (${version:-does not run as $(builder)})")
  done < <(swift_folders)
  [[ -z ${tried[*]:-} ]] || say "swift: not good enough: ${tried[*]}"
  fail_without_swift
}

fail_without_swift() {
  fail "no Swift $swift_needed or newer was found. Install it from https://www.swift.org/install/linux/ (for all users: unpack" \
    "the archive so that /opt/swift/usr/bin/swift exists), or name its folder: PATH=/that/folder:\$PATH bash $(quoted "$0")"
}

swift_folders() {
  local user home
  tr ':' '\n' <<<"$PATH:${HVC_CALLER_PATH:-}"
  printf '%s\n' /opt/swift/usr/bin /usr/local/swift/usr/bin /usr/libexec/swift/bin
  for user in "${SUDO_USER:-}" "$(builder)" "$(id -un)"; do
    [[ -n $user ]] || continue
    home=$(home_of "$user") || continue
    [[ -z $home ]] || printf '%s\n' "$home"/{.local/share/swiftly/bin,.swiftly/bin,.local/bin,.local/swift/usr/bin,swift/usr/bin}
  done
}

# Builds the programs for use.
build_release() {
  local product
  own_build_folder "$root/.build"
  for product in hvc-gateway hvc-worker hvctl; do
    long "build $product (the first time takes minutes)" "$log_dir/build-$product.log" \
      as_builder swift build -c release --package-path "$root" --scratch-path "$root/.build" --product "$product"
  done
  [[ -x $release/hvc-gateway && -x $release/hvc-worker && -x $release/hvctl ]] || fail "the build left no programs in $release"
}

# An earlier build by root would stand in the way of one by the folder's owner.
own_build_folder() {
  builds_as_other && [[ -d $1 && $(stat -c %U "$1") != "$(builder)" ]] || return 0
  chown -R --reference="$root" "$1"
}
