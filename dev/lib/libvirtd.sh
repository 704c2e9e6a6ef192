# shellcheck shell=bash disable=SC2154 # folder is set by the script
# A libvirtd of our own, for its test driver, in namespaces of its own: nothing of the machine's libvirt is touched.

# The test driver's default host, which all connections share while one is open.
test_uri() { echo "test+unix:///default?socket=$folder/libvirt-sock"; }

start_libvirtd() {
  cat >"$folder/libvirtd.conf" <<END
unix_sock_dir = "$folder"
auth_unix_rw = "none"
auth_unix_ro = "none"
host_uuid = "$(</proc/sys/kernel/random/uuid)"
log_outputs = "3:stderr"
END
  # shellcheck disable=SC2016 # for the inner shell
  start libvirtd unshare --mount --net --ipc bash -c '
    set -e
    for folder in /run /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do
      mount -t tmpfs tmpfs "$folder"
    done
    # Without /usr/bin it finds no QEMU, which it would ask for its capabilities first.
    PATH=/usr/sbin:/sbin exec "$1" --config "$2" --pid-file /run/libvirtd.pid
  ' libvirtd "$(command -v libvirtd)" "$folder/libvirtd.conf"
  ready libvirtd virsh -q -c "$(test_uri)" uri
}
