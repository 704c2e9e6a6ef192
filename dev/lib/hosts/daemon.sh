# shellcheck shell=bash
# Start, stop and hurt a host's sshd and libvirtd.

# start_daemon NAME, inside the host; with an empty environment, as an init system would.
start_daemon() {
  local clean=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C)
  case $1 in
    sshd) "${clean[@]}" /usr/sbin/sshd -f /etc/ssh/sshd_config -E /run/sshd.log ;;
    libvirtd) "${clean[@]}" /usr/sbin/libvirtd -d ;;
  esac
}

# Prints the process number that daemon NAME has inside host I; fails when it does not run.
daemon_pid() {
  # shellcheck disable=SC2016 # expanded inside the host
  in_host "$2" "$BASH" -c 'pid=$(cat "/run/$1.pid" 2>/dev/null) && [[ $(readlink "/proc/$pid/exe") == */"$1" ]] &&
    echo "$pid"' - "$1"
}

daemon_state() {
  local pid
  pid=$(daemon_pid "$1" "$2") || { echo stopped && return; }
  # shellcheck disable=SC2016 # expanded inside the host
  in_host "$2" awk '$1 == "State:" {print $2 == "T" ? "frozen" : "running"}' "/proc/$pid/status"
}

# control NAME I ACTION
control() {
  local name=$1 i=$2 action=$3 pid
  host_pid "$i" >/dev/null || fail "host $i is not up; start it with: dev/hosts boot $i"
  pid=$(daemon_pid "$name" "$i") || pid=''
  if [[ $action == start || ($action == restart && -z $pid) ]]; then
    [[ -n $pid ]] || start_in_host "$name" "$i"
    return
  fi
  [[ -n $pid ]] || fail "$name on host $i does not run; start it with: dev/hosts $name $i start"
  case $action in
    kill) signal_daemon "$name" "$i" "$pid" KILL ;;
    term) signal_daemon "$name" "$i" "$pid" TERM ;;
    stop) in_host "$i" kill -STOP "$pid" ;;
    cont) in_host "$i" kill -CONT "$pid" ;;
    restart)
      signal_daemon "$name" "$i" "$pid" TERM
      start_in_host "$name" "$i"
      ;;
    *) fail "$name $i $action: not start, kill, term, stop, cont or restart" ;;
  esac
}

signal_daemon() {
  in_host "$2" kill "-$4" "$3"
  wait_until 15 "$1 to end" daemon_gone "$1" "$2" || fail "$1 on host $2 does not end"
}

daemon_gone() { ! daemon_pid "$1" "$2" >/dev/null; }

start_in_host() {
  local name=$1 i=$2
  # shellcheck disable=SC2016 # expanded inside the host
  in_host "$i" "$BASH" -c "$(declare -f start_daemon); "'start_daemon "$1"' - "$name" </dev/null
  if [[ $name == libvirtd ]]; then
    wait_until 20 libvirtd in_host "$i" virsh -q -c qemu:///system uri >/dev/null 2>&1 || fail "libvirtd on host $i does not answer"
  fi
}
