# shellcheck shell=bash disable=SC2154 # root, log_dir and release are set by settings.sh
# The Swift toolchain, and building with it.

readonly swift_needed=6.2

# Puts a good enough swift first in PATH. sudo replaces PATH, so the caller's is searched too, and the usual places.
find_swift() {
  local folder version tried=()
  while IFS= read -r folder; do
    [[ -n $folder && -x $folder/swift ]] || continue
    version=$(PATH=$folder:$PATH as_builder "$folder/swift" --version 2>/dev/null |
      sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1) || version=''
    if [[ -n $version && $(printf '%s\n' "$swift_needed" "$version" | sort -V | head -n 1) == "$swift_needed" ]]; then
      PATH=$folder:$PATH
      say "swift: $version in $folder"
      return
    fi
    tried+=("$folder (${version:-does not run as $(builder)})")
  done < <(swift_folders)
  [[ -z ${tried[*]:-} ]] || say "swift: not good enough: ${tried[*]}"
  fail "no Swift $swift_needed or newer was found. Install it from https://www.swift.org/install/linux/ (for all users: unpack" \
    "the archive so that /opt/swift/usr/bin/swift exists), or name its folder: PATH=/that/folder:\$PATH bash $0"
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

# Builds both programs for use.
build_release() {
  local product
  own_build_folder "$root/.build"
  for product in hvc-gateway hvc-worker; do
    long "build $product (the first time takes minutes)" "$log_dir/build-$product.log" \
      as_builder swift build -c release --package-path "$root" --scratch-path "$root/.build" --product "$product"
  done
  [[ -x $release/hvc-gateway && -x $release/hvc-worker ]] || fail "the build left no programs in $release"
}

# An earlier build by root would stand in the way of one by the folder's owner.
own_build_folder() {
  builds_as_other && [[ -d $1 && $(stat -c %U "$1") != "$(builder)" ]] || return 0
  chown -R --reference="$root" "$1"
}
