# shellcheck shell=bash
# Where a set of hosts keeps its state, and which of its processes are alive.
#
# A process of the set carries its role, its number and the set's folder in its command line, so that a number in a file
# is believed only when /proc agrees, and nothing is lost when a file is.

state=$(realpath -m "${HVC_HOSTS_DIR:-$here/../var/hosts}")
cache=$(realpath -m "${HVC_CACHE_DIR:-$here/../var/cache}")
readonly state cache
export HVC_HOSTS_DIR=$state HVC_CACHE_DIR=$cache

host_dir() { echo "$state/h$1"; }

check_programs() {
  local program package
  while read -r program package; do
    [[ -x $program ]] || fail "$program is missing; install it with: apt-get install $package"
  done <<<"/usr/sbin/libvirtd libvirt-daemon-system
/usr/sbin/sshd openssh-server
/usr/bin/ssh openssh-client
/usr/bin/virsh libvirt-clients
/usr/bin/nc netcat-openbsd
/usr/bin/nsenter util-linux"
  [[ -n $(command -v ip) ]] || fail "ip is missing; install it with: apt-get install iproute2"
}

# One change at a time. Started processes must close descriptor 9, or they would hold the lock for ever.
lock_state() {
  mkdir -p "$state"
  [[ -e $state/.hvc-hosts || -z $(ls -A "$state") ]] || fail "$state has files that are not ours; set HVC_HOSTS_DIR"
  touch "$state/.hvc-hosts"
  exec 9>"$state/.lock"
  flock -w 120 9 || fail "another dev/hosts has been changing $state for two minutes"
}

remove_state() {
  [[ -e $state/.hvc-hosts ]] || return 0
  rm -rf "${state:?}"
}

# Succeeds when process PID plays ROLE (with this number, if one is given) in this set. The `unshare` that waits for a
# host's first process has the same words behind its own, so the first word counts too.
plays() {
  local pid=$1 role=$2 number=${3:-} words
  mapfile -d '' -t words 2>/dev/null <"/proc/$pid/cmdline" || return 1
  [[ ${#words[@]} -ge 5 && ${words[0]} == */bash && ${words[2]} == "$role" && ${words[-1]} == "$state" ]] || return 1
  [[ -z $number || ${words[3]} == "$number" ]]
} 2>/dev/null

# Prints the process that plays ROLE (with this number), as recorded in FILE; fails when it has ended.
recorded() {
  local file=$1 role=$2 number=${3:-} pid
  pid=$(cat "$file" 2>/dev/null) && [[ -n $pid ]] && plays "$pid" "$role" "$number" && echo "$pid"
}

# Prints all processes that play ROLE in this set, recorded or not.
all_playing() {
  local entry
  for entry in /proc/[0-9]*; do
    if plays "${entry#/proc/}" "$1" "${2:-}"; then echo "${entry#/proc/}"; fi
  done
}

# Waits until a process has ended; a zombie has, for all that matters here.
wait_gone() {
  local pid=$1 tries=${2:-200} line
  while ((tries-- > 0)); do
    { read -r line <"/proc/$pid/stat"; } 2>/dev/null || return 0
    line=${line##*) }
    [[ $line == Z* ]] && return 0
    sleep 0.02
  done
  return 1
}

# Sleeps for ever, or SECONDS, in this very process: a `sleep` of its own would outlive a kill and hold the namespaces.
rest() {
  [[ -n ${never:-} ]] || exec {never}<> <(:)
  read -r -u "$never" ${1:+-t "$1"} || true
}

show_status() {
  local folder i rows=()
  for folder in "$state"/h*/; do
    [[ -d $folder ]] || continue
    i=${folder%/} i=${i##*/h}
    rows+=("$i")
  done
  mapfile -t rows < <(printf '%s\n' ${rows[@]+"${rows[@]}"} | sort -n)
  if [[ $1 == --json ]]; then
    json_status "${rows[@]}"
  else
    for i in "${rows[@]}"; do [[ -z $i ]] || text_status "$i"; done
  fi
}

text_status() {
  local pid spec
  spec=$(cat "$(host_dir "$1")/spec" 2>/dev/null || true)
  if pid=$(host_pid "$1"); then
    echo "h$1 up address=$(host_address "$1") pid=$pid cable=$(cable_of "$1") spec=${spec:-machine}" \
      "libvirtd=$(daemon_state libvirtd "$1") sshd=$(daemon_state sshd "$1")"
  else
    echo "h$1 off address=$(host_address "$1") spec=${spec:-machine}"
  fi
}

json_status() {
  local i pid comma='' power
  printf '['
  for i in "$@"; do
    [[ -n $i ]] || continue
    power=up
    pid=$(host_pid "$i") || { power=off && pid=null; }
    printf '%s{"host":%d,"power":"%s","address":"%s","uri":"%s","pid":%s,"cable":"%s","spec":"%s"}' "$comma" "$i" \
      "$power" "$(host_address "$i")" "$(host_uri "$i")" "$pid" "$(cable_of "$i")" \
      "$(cat "$(host_dir "$i")/spec" 2>/dev/null || true)"
    comma=,
  done
  printf ']\n'
}
