# shellcheck shell=bash disable=SC2154 # state, cache and self are set by dev/hosts and state.sh
# The life of one host: a process that is the first of its own namespaces. When it ends, all that runs there ends with it.

host_pid() { recorded "$(host_dir "$1")/pid" __host "$1"; }

host_uri() { echo "qemu+ssh://$(host_address "$1")/system?no_tty=1"; }

host_address() {
  local ip
  ip=$(host_ip "$1")
  echo "root@$ip:22"
}

in_host() {
  local pid
  pid=$(host_pid "$1") || fail "host $1 is not up; start it with: dev/hosts boot $1"
  shift
  nsenter -t "$pid" -m -u -i -n -p -C -r -w -- "$@"
}

start_host() {
  local i=$1 dir
  dir=$(host_dir "$i")
  host_pid "$i" >/dev/null && return
  rm -f "$dir/pid" "$dir/ready"
  wait_until 10 "the disk of host $i" disk_is_free "$dir/images.ext4" || fail "host $i: its disk is still in use after a power loss"
  setsid unshare -m -u -i -n -p -C --fork --kill-child -- "$BASH" "$self" __host "$i" "$state" \
    </dev/null >"$dir/init.log" 2>&1 9>&- &
  wait_until 5 "host $i" test -s "$dir/pid" || fail "host $i did not start: $(cat "$dir/init.log")"
  plug_cable "$i" "$(cat "$dir/pid")"
}

# A file system that is mounted twice is lost.
disk_is_free() { [[ ! -e $1 || -z $(losetup -j "$1") ]]; }

wait_until_ready() {
  local dir
  dir=$(host_dir "$1")
  wait_until 30 "host $1" ready_or_dead "$1" "$dir" || true
  [[ -e $dir/ready ]] || fail "host $1 does not come up: $(tail -n 5 "$dir/init.log")"
}

ready_or_dead() { [[ -e $2/ready ]] || ! host_pid "$1" >/dev/null; }

stop_host() {
  local i=$1 pid
  for pid in $(all_playing __host "$i"); do
    kill -9 "$pid" 2>/dev/null || true
    wait_gone "$pid" || fail "host $i: process $pid does not end"
  done
  unplug_cable "$i"
  rm -f "$(host_dir "$i")"/{pid,ready}
}

stop_all() {
  local pid words
  for pid in $(all_playing __watch); do kill -9 "$pid" 2>/dev/null || true; done
  for pid in $(all_playing __host); do
    mapfile -d '' -t words <"/proc/$pid/cmdline" || continue
    stop_host "${words[3]}"
  done
}

# Takes the set down when process OWNER ends. A process number is used again, its start time is not.
start_watch() {
  local born
  born=$(start_time "$1") || fail "--owner $1: there is no such process"
  stop_watch
  setsid "$BASH" "$self" __watch "$1" "$born" "$state" </dev/null >"$state/watch.log" 2>&1 9>&- &
}

stop_watch() {
  local pid
  for pid in $(all_playing __watch); do kill -9 "$pid" 2>/dev/null || true; done
}

start_time() {
  local line
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra line <<<"${line##*) }"
  [[ ${line[0]} != Z ]] && echo "${line[19]}"
}

watch_main() {
  trap '' HUP
  while [[ $(start_time "$1") == "$2" ]]; do rest 0.5; done
  exec "$BASH" "$self" down
}

# The host's first process, already in its new namespaces.
host_main() {
  local i=$1 dir pid
  dir=$(host_dir "$i")
  trap '' HUP
  read -r pid _ </proc/self/stat # still the /proc of outside, so the number that outside knows
  echo "$pid" >"$dir/pid"
  mount_system "$i" "$dir"
  mount_files "$dir"
  if [[ -s $dir/spec ]]; then fake_capacity "$(cat "$dir/spec")"; fi
  configure_card "$i"
  start_daemon sshd
  start_daemon libvirtd
  wait_until 20 libvirtd answers "$dir" || fail "libvirtd does not answer: $(tail -n 3 /var/log/libvirt/libvirtd.log)"
  touch "$dir/ready"
  while :; do
    rest 2
    if [[ -s $dir/spec ]]; then fake_memory "$(cat "$dir/spec")"; fi
  done
}

mount_system() {
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t tmpfs -o mode=755,size=64m tmpfs /run
  mkdir -p /run/sshd /run/lock /run/libvirt
  if [[ -e $2/images.ext4 ]]; then mount -o loop "$2/images.ext4" "$2/libvirt-lib/images"; fi
  mount_devices "$2"
  hostname "h$1"
}

# A /dev of its own, so that /dev/kvm can be missing and terminals are private.
mount_devices() {
  local name kind major minor
  mount -t tmpfs -o mode=755,size=1m tmpfs /dev
  mkdir /dev/{pts,shm,net}
  while read -r name kind major minor; do
    mknod -m 666 "/dev/$name" "$kind" "$major" "$minor"
  done <<<"null c 1 3
zero c 1 5
full c 1 7
random c 1 8
urandom c 1 9
tty c 5 0
net/tun c 10 200"
  if [[ -e $1/kvm ]]; then mknod -m 660 /dev/kvm c 10 232; fi
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm
  ln -s pts/ptmx /dev/ptmx
  ln -s /proc/self/fd /dev/fd
}

mount_files() {
  local dir=$1 name
  mount --bind "$dir/root" /root
  mount --bind "$dir/ssh" /etc/ssh
  mkdir -p /etc/libvirt
  mount --bind "$dir/etc-libvirt" /etc/libvirt
  for name in hostname hosts machine-id shadow; do
    [[ ! -e /etc/$name ]] || mount --bind "$dir/$name" "/etc/$name"
  done
  for name in lib log cache; do
    mkdir -p "/var/$name/libvirt"
    mount --rbind "$dir/libvirt-$name" "/var/$name/libvirt"
  done
}

configure_card() {
  ip link set lo up
  wait_until 5 "a cable" test -e /sys/class/net/eth0 || fail "no cable was plugged in"
  ip addr add "$(host_ip "$1")/24" dev eth0
  ip link set eth0 up
}

answers() {
  virsh -q -c qemu:///system uri >/dev/null 2>&1 || return 1
  [[ ! -e /etc/libvirt/qemu/networks/default.xml || -e /sys/class/net/virbr0 ]]
}
