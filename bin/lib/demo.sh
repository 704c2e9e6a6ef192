# shellcheck shell=bash disable=SC2154 # root and var are set by settings.sh
# The demonstration for those who bring no files: this machine as the only PM, a tiny image, three small types, a key.

readonly demo_image=$var/images/hello.qcow2
# shellcheck disable=SC2034 # install.sh asks whether these are in use
readonly demo_files=$var/files demo_key=$var/files/guest_key

build_demo_image() {
  long "tiny guest image" "$var/log/image.log" bash "$root/deploy/guest/build.sh" "$demo_image"
}

# What somebody has changed there stays.
write_demo_files() {
  build_demo_image
  mkdir -p "$demo_files"
  # CPUs are shared, and the machine may have but one.
  [[ -e $demo_files/pms ]] || echo "localhost overcommit_cpu=4${demo_network:+ network=$demo_network}" >"$demo_files/pms"
  [[ -e $demo_files/images ]] || echo "$demo_image" >"$demo_files/images"
  [[ -e $demo_files/types ]] || cat >"$demo_files/types" <<'END'
{"types": [
  {"cpu": 1, "ram": 128, "disk": 1},
  {"cpu": 1, "ram": 256, "disk": 2},
  {"cpu": 2, "ram": 512, "disk": 4}
]}
END
  write_demo_key
  export HVC_PM_FILE=$demo_files/pms HVC_IMAGE_FILE=$demo_files/images HVC_FLAVOR_FILE=$demo_files/types
  export HVC_SSH_KEYS=${HVC_SSH_KEYS:-$demo_files/ssh_keys}
}

# A key that logs in to every VM for which no other is asked, and how ssh takes it. It is of whoever runs this, with sudo, too.
write_demo_key() {
  [[ -e $demo_key ]] || ssh-keygen -q -t ed25519 -N '' -C hypervisor-coordinator-demo -f "$demo_key"
  [[ -z ${SUDO_USER:-} ]] || chown "$SUDO_USER" "$demo_key" "$demo_key.pub"
  [[ -e $demo_files/ssh_keys ]] || cp "$demo_key.pub" "$demo_files/ssh_keys"
  # A guest that boots is waited for; addresses are given again to other guests, which have other host keys.
  [[ -e $demo_files/ssh_config ]] || cat >"$demo_files/ssh_config" <<END
Host *
  User root
  IdentityFile "$demo_key"
  IdentitiesOnly yes
  BatchMode yes
  ConnectionAttempts 30
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
END
}

# Creates the VM hello, unless an earlier run's still runs, and shows what it says and what is known of it.
show_hello() {
  local id
  if id=$(earlier_hello); then
    say "VM hello: number $id still runs"
  else
    wait_until 90 "the first probe of this machine" machine_known || fail "nothing is known of PM 1 yet; see $var/log"
    id=$(create_hello)
    echo "$id" >"$var/hello"
    say "VM hello: created, number $id"
  fi
  wait_until 60 "VM hello to run" hello_runs "$id" ||
    fail "VM $id does not run: its record says '$(redis HGET "${HVC_PREFIX}vm:$id" state)'; see $var/log/worker-*.log"
  show_console "$(redis HGET "${HVC_PREFIX}vm:$id" domain)"
  show_login "$id"
  say "curl '$(api_url)/vm/query?vmid=$id'"
  printf '        %s\n' "$(api "/vm/query?vmid=$id")"
}

earlier_hello() {
  local id
  { read -r id <"$var/hello"; } 2>/dev/null || return 1
  [[ $(api "/vm/query?vmid=$id") == *'"hello"'* ]] && hello_runs "$id" && echo "$id"
}

machine_known() { [[ $(api '/pm/query?pmid=1') == *capacity* ]]; }

# The record says so, and the machine too.
hello_runs() {
  local domain
  [[ $(redis HGET "${HVC_PREFIX}vm:$1" state) == running ]] || return 1
  domain=$(redis HGET "${HVC_PREFIX}vm:$1" domain)
  [[ $(local_virsh domstate "$domain" 2>/dev/null) == running ]]
}

# Prints the number of the new VM.
create_hello() {
  local path='/vm/create?name=hello&instance_type=1&image_id=100' answer headers id
  headers=$(mktemp)
  say "curl '$(api_url)$path'" >&2
  answer=$(api "$path" --max-time 300 -D "$headers") || fail "the gateway does not answer; see $var/log/gateway.log"
  id=$(sed -n 's/.*"vmid": *\([0-9]*\).*/\1/p' <<<"$answer")
  if [[ -z $id || $id == 0 ]]; then
    fail "the VM was not created: $answer $(grep -i '^x-hvc-reason:' "$headers" | tr -d '\r')"
  fi
  rm -f "$headers"
  echo "$id"
}

# show_console DOMAIN: what the guest says, as it says it, until it is ready.
show_console() {
  local log=/var/log/libvirt/qemu/$1-console.log began=$SECONDS said=$SECONDS shown=0 line
  say "VM hello's console ($log):"
  until ((SECONDS - began >= 90)); do
    while IFS= read -r line; do
      shown=$((shown + 1)) said=$SECONDS
      printf '        | %s\n' "$line"
      [[ $line != 'hvc-guest: ready' ]] || return 0
    done < <(tr -d '\r' 2>/dev/null <"$log" | grep -a '^hvc-guest: ' | tail -n +$((shown + 1)))
    sleep 0.3
    if ((SECONDS - said >= 5)); then
      said=$SECONDS
      say "  … it boots; without KVM that takes 5 s, and a minute on a busy machine"
    fi
  done
  say "VM hello has not said that it is ready within 90 s; see $log, or: virsh -c qemu:///system console $1"
}

# show_login VM: what the guest answers to whoever has the key.
show_login() {
  local address config path="/v1/vms/$1?wait_for=ssh&wait=60"
  [[ ${demo_network:-} != none ]] || return 0
  config=$(quoted "$demo_files/ssh_config")
  say "curl '$(api_url)$path'"
  address=$(api "$path" --max-time 90 | sed -nE 's/.*"primary_ip":"([^"]+)".*"reached":true.*/\1/p')
  [[ -n $address ]] || { say "VM hello's ssh server does not answer yet; docs/guests.md says what to look at" && return; }
  say "ssh -F $config $address 'hostname; uname -sr'"
  # shellcheck disable=SC2029 # the guest's shell is to read it
  ssh -F "$demo_files/ssh_config" "$address" 'hostname; uname -sr' </dev/null 2>&1 | sed 's/^/        /' ||
    say "VM hello does not let the key $(quoted "$demo_key") in; VMs from before there was a key do not"
}
