# shellcheck shell=bash disable=SC2154 # state, cache and self are set by dev/hosts and state.sh
# The files of a host: what it sees instead of the machine's own, kept over crash and boot.

host_uuid() { printf '%s00-0000-4000-8000-%012d' "$(net_hex "$(net)")" "$1"; }

# write_host_files I SPEC KVM
write_host_files() {
  local i=$1 spec=$2 kvm=$3 dir
  dir=$(host_dir "$i")
  if [[ -e $dir/.written ]]; then
    [[ -z $spec || $spec == "$(cat "$dir/spec")" ]] ||
      fail "host $i was made with size '$(cat "$dir/spec")'; to change it run first: dev/hosts down"
    return
  fi
  rm -rf "$dir"
  mkdir -p "$dir"/{etc-libvirt/qemu/networks/autostart,libvirt-lib/images,libvirt-log/qemu,libvirt-cache/qemu,root/.ssh,ssh}
  chmod 700 "$dir/root" "$dir/root/.ssh"
  chmod 711 "$dir/libvirt-lib/images"
  printf '%s' "$spec" >"$dir/spec"
  [[ -z $kvm ]] || touch "$dir/kvm"
  write_identity "$i" "$dir"
  write_libvirt_conf "$i" "$dir/etc-libvirt"
  write_sshd_conf "$i" "$dir"
  [[ $spec != *:*:* ]] || make_image_disk "${spec##*:}" "$dir/images.ext4"
  if [[ -d $cache/hosts/capabilities ]]; then cp -a "$cache/hosts/capabilities" "$dir/libvirt-cache/qemu/"; fi
  touch "$dir/.written"
}

# Root has no password and is not locked: sshd without PAM refuses a locked account even with a good key.
write_identity() {
  echo "h$1" >"$2/hostname"
  echo '127.0.0.1 localhost' >"$2/hosts"
  host_uuid "$1" | tr -d - >"$2/machine-id"
  printf 'root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n' >"$2/shadow"
  chmod 600 "$2/shadow"
}

# host_uuid: without DMI libvirt makes one up at each start, and equal ones forbid migration.
# stdio_handler, cgroup_controllers: no virtlogd and no cgroups inside a host.
# user, group: as root, libvirt need not probe anew at each start what qemu may do.
write_libvirt_conf() {
  cat >"$2/libvirtd.conf" <<END
host_uuid = "$(host_uuid "$1")"
unix_sock_group = "root"
unix_sock_rw_perms = "0770"
auth_unix_rw = "none"
keepalive_interval = 5
keepalive_count = 3
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
END
  cat >"$2/qemu.conf" <<END
user = "root"
group = "root"
security_driver = "none"
namespaces = []
stdio_handler = "file"
cgroup_controllers = []
migration_address = "$(host_ip "$1")"
migration_host = "$(host_ip "$1")"
END
  if [[ -x /usr/sbin/dnsmasq ]]; then write_default_network "$2/qemu/networks"; fi
}

# libvirt's own default network, without spanning tree: guests get their address 3 s sooner.
write_default_network() {
  cat >"$1/default.xml" <<'END'
<network>
  <name>default</name>
  <uuid>7d0f2c1e-53a5-4bd4-9b1c-2f4e6c7a9d10</uuid>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='off' delay='0'/>
  <mac address='52:54:00:0d:ef:01'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
END
  ln -s ../default.xml "$1/autostart/default.xml"
}

# MaxStartups stays at sshd's default: staying inside it is what a real fleet asks of us.
# nproc reads OMP_NUM_THREADS; curve25519 alone makes a connection 90 ms cheaper.
write_sshd_conf() {
  local i=$1 dir=$2 spec
  ssh-keygen -q -t ed25519 -N '' -C "h$i" -f "$dir/ssh/host_ed25519"
  ssh-keygen -q -t ed25519 -N '' -C "root@h$i" -f "$dir/root/.ssh/id_ed25519"
  cat >"$dir/ssh/sshd_config" <<END
Port 22
Port 2222
ListenAddress $(host_ip "$i")
HostKey /etc/ssh/host_ed25519
KexAlgorithms curve25519-sha256
PidFile /run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
Subsystem sftp /usr/lib/openssh/sftp-server
END
  spec=$(cat "$dir/spec")
  [[ -z $spec ]] || echo "SetEnv OMP_NUM_THREADS=${spec%%:*}" >>"$dir/ssh/sshd_config"
}

make_image_disk() {
  truncate -s "${1}M" "$2"
  mkfs.ext4 -q -m 0 -F "$2"
}

# Every host trusts our key and every other host's, and knows all by name.
introduce_hosts() {
  local dir i ip known='' trusted names=$'127.0.0.1 localhost\n'
  trusted=$(cat "$state/keys/id_ed25519.pub")$'\n'
  for dir in "$state"/h*/; do
    dir=${dir%/} i=${dir##*/h}
    ip=$(host_ip "$i")
    known+="$ip,h$i,[$ip]:2222,[h$i]:2222 $(cut -d' ' -f1,2 "$dir/ssh/host_ed25519.pub")"$'\n'
    trusted+=$(cat "$dir/root/.ssh/id_ed25519.pub")$'\n'
    names+="$ip h$i"$'\n'
  done
  printf '%s' "$known" >"$state/known_hosts"
  for dir in "$state"/h*/; do
    printf '%s' "$known" >"$dir/root/.ssh/known_hosts"
    printf '%s' "$trusted" >"$dir/root/.ssh/authorized_keys"
    printf '%s' "$names" >"$dir/hosts"
  done
}

# What libvirt learned about qemu is the same on every host and takes a second or two to learn.
keep_capabilities() {
  local found=$state/h1/libvirt-cache/qemu/capabilities
  [[ -d $found && ! -e $state/h1/kvm && ! -d $cache/hosts/capabilities ]] || return 0
  mkdir -p "$cache/hosts"
  cp -a "$found" "$cache/hosts/capabilities.$$"
  mv -T "$cache/hosts/capabilities.$$" "$cache/hosts/capabilities" 2>/dev/null || rm -rf "$cache/hosts/capabilities.$$"
}
