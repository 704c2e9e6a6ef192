# shellcheck shell=bash disable=SC2154 # state, cache and self are set by dev/hosts and state.sh
# The hosts' network: a switch (a bridge in a network namespace of its own), a cable to each host, and one to here.
#
# The bridge has its own namespace because br_netfilter runs the frames of a bridge in the root namespace through the
# machine's iptables, where a Docker daemon's FORWARD DROP loses them in silence.

net() { cat "$state/net" 2>/dev/null || fail "no hosts are up; start some with: dev/hosts up N"; }

host_ip() {
  local prefix
  prefix=$(net)
  echo "$prefix.$((10 + $1))"
}

# The network's three numbers in hexadecimal: 10.77.0 is 0a4d00. Part of interface names, MACs and UUIDs.
net_hex() {
  local IFS=.
  # shellcheck disable=SC2086 # three words are wanted
  printf '%02x%02x%02x' $1
}

uplink_name() { echo "hvc$(net_hex "$1")"; }

# Always the same for the same host: a new one after a power loss would wait for ARP entries to expire.
host_mac() {
  local hex
  hex=$(net_hex "$(net)")
  printf '02:%s:%s:%s:00:%02x' "${hex:0:2}" "${hex:2:2}" "${hex:4:2}" "$1"
}

switch_pid() { recorded "$state/switch.pid" __switch; }

on_switch() {
  local pid
  pid=$(switch_pid) || fail "the hosts' switch is not running; start it with: dev/hosts up N"
  nsenter -t "$pid" -n -- "$@"
}

start_network() {
  local before
  switch_pid >/dev/null && [[ -e $state/net ]] && return
  stop_all
  before=$(cat "$state/net" 2>/dev/null || true)
  rm -f "$state/net" "$state/switch.ready"
  setsid unshare -n -- "$BASH" "$self" __switch 0 "$state" </dev/null >"$state/switch.log" 2>&1 9>&- &
  wait_until 5 "the switch" test -e "$state/switch.ready" || fail "the switch did not start: $(cat "$state/switch.log")"
  claim_net "${HVC_HOSTS_NET:-$before}"
}

# The process that holds the switch's namespace.
switch_main() {
  echo $$ >"$state/switch.pid"
  ip link set lo up
  ip link add br0 type bridge
  ip link set br0 up
  touch "$state/switch.ready"
  rest
}

# Takes the wanted network, or the first free one. Making the cable is the claim: its name can be had only once.
claim_net() {
  local wanted=$1 candidate
  if [[ -n $wanted ]]; then
    [[ $wanted =~ ^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$ ]] || fail "HVC_HOSTS_NET=$wanted: not like 10.77.0"
    plug_uplink "$wanted" || fail "network $wanted.0/24 is taken by another set of hosts"
    return
  fi
  for candidate in 10.77.{0..255}; do
    [[ -n $(ip route show to exact "$candidate.0/24") ]] || ! plug_uplink "$candidate" || return 0
  done
  fail "no free network in 10.77.0.0/16"
}

plug_uplink() {
  local uplink
  uplink=$(uplink_name "$1")
  ip link add "$uplink" type veth peer name uplink netns "$(switch_pid)" 2>/dev/null || return 1
  on_switch ip link set uplink master br0 up
  ip addr add "$1.1/24" dev "$uplink"
  ip link set "$uplink" up
  echo "$1" >"$state/net"
}

stop_network() {
  local pid
  # Deleting one end of a cable deletes the other, at once; the end of the switch would do so a little later.
  for pid in $(all_playing __switch); do
    nsenter -t "$pid" -n -- ip link del uplink 2>/dev/null || true
    kill -9 "$pid" 2>/dev/null || true
    wait_gone "$pid" || true
  done
}

# Gives host I, whose first process is PID, its network card.
plug_cable() {
  on_switch ip link del "h$1" 2>/dev/null || true
  on_switch ip link add "h$1" type veth peer name eth0 address "$(host_mac "$1")" netns "$2"
  on_switch ip link set "h$1" master br0 up
}

unplug_cable() {
  switch_pid >/dev/null || return 0
  on_switch ip link del "h$1" 2>/dev/null || true
}

set_cable() {
  on_switch ip link set "h$1" "$2" || fail "host $1 has no cable; is it up?"
}

cable_of() {
  local line
  line=$(on_switch ip -br link show "h$1" 2>/dev/null) || line=''
  case $line in
    '') echo none ;;
    *[\<,]UP[,\>]*) echo plugged ;;
    *) echo pulled ;;
  esac
}
