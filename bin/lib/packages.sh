# shellcheck shell=bash disable=SC2154 # log_dir is set by settings.sh
# Debian packages: which ones, and installing those that are missing.

# shellcheck disable=SC2034 # chosen by the scripts
readonly packages_run=(
  curl iproute2 openssh-client redis-server redis-tools
  libvirt-clients libvirt-daemon-system libvirt-daemon-config-network
  qemu-system-x86 qemu-utils dnsmasq-base iptables
)
# shellcheck disable=SC2034
readonly packages_build=(
  ca-certificates git g++ libc6-dev libcurl4 libedit2 libhiredis-dev libncurses6 libssl-dev libvirt-dev libxml2-dev pkg-config tzdata
  unzip zlib1g-dev
)
# shellcheck disable=SC2034
readonly packages_image=(binutils busybox-static cpio dosfstools fdisk mtools syslinux syslinux-common)
# shellcheck disable=SC2034
readonly packages_test=(
  docker-compose faketime liblua5.1-0-dev lua-check lua-cjson netcat-openbsd openssh-server python3 python3-venv
  shellcheck systemd tmux wrk
)

# install_promtool FOLDER: takes promtool out of Debian's package of Prometheus, which installed would start a server.
install_promtool() {
  local folder=$1 download
  [[ ! -x $folder/promtool ]] && ! command -v promtool >/dev/null || return 0
  command -v apt-get >/dev/null || fail "this is not a Debian-like system; put promtool (of Prometheus) into $folder, then run again"
  download=$(mktemp -d)
  mkdir -p "$folder"
  long "apt-get update" "$log_dir/apt.log" apt update -qq
  (cd "$download" && long "apt-get download prometheus" "$log_dir/apt.log" apt download prometheus)
  dpkg-deb --fsys-tarfile "$download"/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$folder/promtool"
  chmod 755 "$folder/promtool"
  rm -rf "$download"
}

# install_packages PACKAGE…: needs no network and does not touch apt when all are there.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    say "packages: all $# are installed"
    return
  fi
  command -v apt-get >/dev/null ||
    fail "this is not a Debian-like system; install what these packages hold, then run again: ${missing[*]}"
  say "packages: missing are ${missing[*]}"
  long "apt-get update" "$log_dir/apt.log" apt update -qq
  long "apt-get install" "$log_dir/apt.log" apt install -y --no-install-recommends "${missing[@]}"
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@"
}

missing_packages() {
  local name
  for name in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
  done
}
