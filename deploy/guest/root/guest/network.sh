# shellcheck shell=dash disable=SC2154 # seed is set by seed.sh
# Addresses of the network cards: by the seed's network-config (version 1) where it names the card, else by DHCP.
# /run/network has a line each for what that file says: MAC KIND ADDRESS GATEWAY, with the card's name where it says no MAC.

start_network() {
  ip link set lo up
  read_network_config >/run/network
  cards=''
  for card in /sys/class/net/e*; do [ ! -e "$card" ] || cards="$cards ${card##*/}"; done
  [ -n "$cards" ] || say "no network card"
  waited=''
  for card in $cards; do
    start_card "$card" &
    waited="$waited $!"
  done
  # One by one: without any, `wait` would wait for all that runs.
  for process in $waited; do wait "$process"; done
  for card in $cards; do say_card "$card"; done
}

# Reads each entry of `config`: physical cards with their subnets, and name servers.
read_network_config() {
  [ -e "$seed/network-config.values" ] || return 0
  # Netplan's form has the key at its root, or below `network`.
  [ "$(value network-config version)$(value network-config network/version)" = 1 ] || {
    warn "seed: network-config is ignored: only version 1 is known" >&2
    return
  }
  root=''
  [ -n "$(value network-config version)" ] || root=network/
  entry=0
  while [ -n "$(value network-config "${root}config/$entry/type")" ]; do
    at=${root}config/$entry entry=$((entry + 1))
    case $(value network-config "$at/type") in
      physical) read_card ;;
      nameserver) add_name_servers "$at/address" ;;
      *) warn "seed: network-config: $(value network-config "$at/type") is not known" >&2 ;;
    esac
  done
}

read_card() {
  mac=$(value network-config "$at/mac_address" | tr '[:upper:]' '[:lower:]')
  [ -n "$mac" ] || mac=$(value network-config "$at/name")
  subnet=0
  while [ -n "$(value network-config "$at/subnets/$subnet/type")" ]; do
    below=$at/subnets/$subnet subnet=$((subnet + 1))
    address=$(value network-config "$below/address")
    netmask=$(value network-config "$below/netmask")
    case $address in */* | '') ;; *) [ -z "$netmask" ] || address=$address/$(prefix_of "$netmask") ;; esac
    case $(value network-config "$below/type") in
      dhcp | dhcp4) echo "$mac dhcp" ;;
      static | static4) echo "$mac static $address $(value network-config "$below/gateway")" ;;
      manual) echo "$mac manual" ;;
      *) warn "seed: network-config: $(value network-config "$below/type") of $mac is not known" >&2 ;;
    esac
    add_name_servers "$below/dns_nameservers"
  done
}

# prefix_of NETMASK: 24 for 255.255.255.0, and itself where it is a number already.
prefix_of() {
  case $1 in *.*) ;; *) echo "$1" && return ;; esac
  eval "$(ipcalc -p 192.0.2.1 "$1" 2>/dev/null | grep -E '^PREFIX=[0-9]+$')"
  echo "${PREFIX:-32}"
}

add_name_servers() {
  values network-config "$1" | tr ' ' '\n' | grep -E '^[0-9a-fA-F.:]+$' | sed 's/^/nameserver /' >>/etc/resolv.conf
}

# start_card NAME: with its addresses when it returns, or without where no server has answered within 8 s; then it goes on asking.
start_card() {
  ip link set "$1" up
  mac=$(cat "/sys/class/net/$1/address")
  grep -e "^$mac " -e "^$1 " /run/network >"/run/network.$1" || echo "$mac dhcp" >"/run/network.$1"
  while read -r _ kind address gateway; do
    case $kind in
      dhcp) udhcpc -b -t 8 -T 1 -i "$1" -x "hostname:$(hostname)" -s /etc/dhcp -p "/run/udhcpc.$1" >/dev/null 2>&1 ;;
      static)
        ip addr add "$address" dev "$1" || warn "seed: $1 does not take the address $address"
        [ -z "$gateway" ] || ip route add default via "$gateway" dev "$1" || warn "seed: $1 does not take the gateway $gateway"
        ;;
    esac
  done <"/run/network.$1"
}

say_card() {
  addresses=$(ip -4 -o addr show dev "$1" | awk '{ sub("/.*", "", $4); printf "%s%s", sep, $4; sep = " " }')
  say "$1 $(cat "/sys/class/net/$1/address") ${addresses:-has no address (no DHCP server has answered)}"
}
