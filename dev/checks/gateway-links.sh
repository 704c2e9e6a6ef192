# shellcheck shell=bash
# The gateway does not link libvirt, neither itself nor through another library.
check() {
  local program found='' libraries
  for program in .build/release/hvc-gateway .build-debug/debug/hvc-gateway; do
    [[ -x $program ]] || continue
    found=yes
    libraries=$(ldd "$program") || { echo "ldd cannot read $program" && return 1; }
    if grep -i libvirt <<<"$libraries"; then
      echo "$program links libvirt"
      return 1
    fi
  done
  [[ -n $found ]] || { echo "no gateway is built; run: make build" && return 1; }
}

sample() {
  mkdir -p .build/release
  if [[ $1 == good ]]; then cp /bin/ls .build/release/hvc-gateway; else cp "$(command -v virsh)" .build/release/hvc-gateway; fi
}
