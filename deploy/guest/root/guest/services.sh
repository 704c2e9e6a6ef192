# shellcheck shell=dash disable=SC2154 # kept is set by identity.sh
# What others reach: the ssh server, the guest agent, and a page on port 80.

# By key alone.
start_ssh() { dropbear -s -r "$kept/host_key" -p 22 || warn "the ssh server does not start"; }

# Started again where it ends, as when libvirtd cuts it off.
start_agent() {
  for port in /sys/class/virtio-ports/*; do
    [ "$(cat "$port/name" 2>/dev/null)" = org.qemu.guest_agent.0 ] || continue
    while :; do
      qemu-ga -m virtio-serial -p "/dev/${port##*/}" -t /run
      sleep 5
    done >/dev/null 2>&1 </dev/null &
  done
}

start_web() {
  for card in /sys/class/net/e*; do
    [ ! -e "$card" ] || say_card "${card##*/}"
  done | sed 's/^hvc-guest: //' >/www/index.html
  httpd -p 80 -h /www
}
