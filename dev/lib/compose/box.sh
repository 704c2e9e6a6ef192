# shellcheck shell=bash disable=SC2154 # root, folder, cache and self are set by dev/compose-test
# The box: a network, processes and mounts of its own, in which the engine, the containers and the test hosts live. The
# machine's network, iptables and ports are left alone, and whatever is in the box ends with it. To the outside it has
# slirp4netns, which needs no rules on the machine.

# run_in_box COMMAND…: runs it in the box, and hands on a request to stop.
run_in_box() {
  local status=0
  setpriv --pdeathsig KILL -- unshare --net --mount --pid --fork --kill-child --mount-proc -- "$@" &
  box=$!
  trap stop_box INT TERM
  wait_until 10 "the box" box_is_made || fail "the box was not made"
  setpriv --pdeathsig TERM -- slirp4netns --configure --mtu=65520 --disable-host-loopback "$box" tap0 \
    >"$folder/log/slirp4netns.log" 2>&1 &
  slirp=$!
  pgrep -P "$box" >"$folder/box.pid" || true
  # A wait that a signal ends has not waited.
  while kill -0 "$box" 2>/dev/null; do wait "$box" && status=0 || status=$?; done
  kill "$slirp" 2>/dev/null || true
  wait "$slirp" 2>/dev/null || true
  return "$status"
}

box_is_made() { [[ $(readlink "/proc/$box/ns/net") != "$(readlink /proc/self/ns/net)" ]]; }

# What runs in the box cleans up after itself; its first process is the child of the unshare that waits for it.
stop_box() {
  kill -TERM "$(cat "$folder/box.pid")" 2>/dev/null || true
}

# In the box: loopback, the address and names that slirp4netns gives, and no containerd of the machine.
enter_box() {
  ip link set lo up
  wait_until 20 "the box's network" has_way_out || fail "slirp4netns: $(cat "$folder/log/slirp4netns.log")"
  echo "nameserver 10.0.2.3" >"$folder/resolv.conf"
  mount --bind "$folder/resolv.conf" /etc/resolv.conf
  mkdir -p /run/containerd
  mount -t tmpfs none /run/containerd
}

has_way_out() { [[ -n $(ip route show default 2>/dev/null) ]]; }
