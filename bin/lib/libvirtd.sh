# shellcheck shell=bash disable=SC2154 # log_dir is set by settings.sh
# This machine's own libvirt, for the demonstration on localhost.

local_virsh() { timeout 20 virsh -q -c qemu:///system "$@"; }

libvirtd_answers() { local_virsh uri >/dev/null 2>&1; }

ensure_libvirtd() {
  allow_kvm
  if libvirtd_answers; then
    say "libvirtd: answers already"
  else
    start_libvirtd
    wait_until 40 "libvirtd" libvirtd_answers ||
      fail "libvirtd does not answer: $(local_virsh uri 2>&1 | head -n 2 | paste -sd' '); see /var/log/libvirt or journalctl -u libvirtd"
    say "libvirtd: started"
  fi
  ensure_network
}

start_libvirtd() {
  if [[ -d /run/systemd/system ]]; then
    systemctl start virtlogd.socket libvirtd.service >>"$log_dir/libvirtd.log" 2>&1 ||
      fail "systemctl start libvirtd failed; see: systemctl status libvirtd"
    return
  fi
  mkdir -p /run/libvirt
  # Guests' console logs go through virtlogd, which systemd would start on demand.
  running_daemon virtlogd || virtlogd -d 9>&-
  running_daemon libvirtd || libvirtd -d 9>&-
}

running_daemon() {
  local pid
  pid=$(cat "/run/$1.pid" 2>/dev/null) && [[ $(readlink "/proc/$pid/exe") == */"$1" ]]
}

# Where no udev has set it, /dev/kvm is root's alone: QEMU, which runs as another user, could not open it, and libvirt
# would ask QEMU anew at each start of a guest what it can do, which takes seconds.
allow_kvm() {
  [[ -c /dev/kvm && $(stat -c %G /dev/kvm) == root && ! -d /run/udev/data ]] || return 0
  getent group kvm >/dev/null || return 0
  chgrp kvm /dev/kvm && chmod 660 /dev/kvm || return 0
  say "libvirtd: gave /dev/kvm to the group kvm, as udev would"
}

# Guests boot without a network, too; they only have no address then, and the demonstration's files say so.
ensure_network() {
  local problem
  if local_virsh net-list --name | grep -qx default; then return; fi
  if problem=$(local_virsh net-start default 2>&1); then
    local_virsh net-autostart default >/dev/null 2>&1 || true
    say "libvirtd: started the network default"
  else
    # shellcheck disable=SC2034 # demo.sh writes it into the pm_file
    demo_network=none
    say "libvirtd: no network default, so VMs get no address (${problem##*error: })"
  fi
}
