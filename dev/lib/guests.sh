# shellcheck shell=bash
# What guests start from, and the network that test hosts have for them.

# write_halt_image FILE: a guest halts in its boot sector (cli; hlt; jmp), so that it costs a second of one core.
write_halt_image() {
  {
    printf '\xfa\xf4\xeb\xfd'
    head -c 506 /dev/zero
    printf '\x55\xaa'
  } >"$1"
  truncate -s 1M "$1"
}

# The hosts of dev/hosts have a network where there is a dnsmasq for it.
hosts_network() { if [[ -x /usr/sbin/dnsmasq ]]; then echo default; else echo none; fi; }
